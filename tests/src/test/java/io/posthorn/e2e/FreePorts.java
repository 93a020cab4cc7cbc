package io.posthorn.e2e;

import java.io.IOException;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Ports for programs that are not told to take any: nobody else gets them in between. */
public final class FreePorts {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  /** Below what the system gives to sockets that ask for any port. */
  private static final int LEAST = 10_000;

  private static final int MOST = 30_000;
  private static final int DISCARD = 9;

  private FreePorts() {}

  /** A number that nobody uses for UDP or TCP, and that the system gives to nobody by itself. */
  public static int next() throws IOException {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(LEAST, MOST);
      try (DatagramSocket udp = new DatagramSocket(port, LOOPBACK);
          ServerSocket tcp = new ServerSocket(port, 1, LOOPBACK)) {
        if (udp.getLocalPort() == tcp.getLocalPort()) {
          return port;
        }
      } catch (BindException taken) {
        // the next one
      }
    }
  }

  /** Where nobody listens, nor will: the port that a socket had may become this side's own. */
  public static InetSocketAddress nobody(String host) throws IOException {
    return new InetSocketAddress(InetAddress.getByName(host), next());
  }

  /**
   * A port at which strangers learn that it is closed, and which stays so while this is open: its
   * socket takes datagrams of one peer alone.
   */
  static DatagramSocket closed() throws IOException {
    DatagramSocket socket = new DatagramSocket(0, LOOPBACK);
    socket.connect(LOOPBACK, DISCARD);
    return socket;
  }
}
