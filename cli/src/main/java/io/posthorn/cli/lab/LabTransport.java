package io.posthorn.cli.lab;

import io.posthorn.CongestionControl;
import io.posthorn.Mode;
import io.posthorn.cli.compare.Carrier;
import io.posthorn.cli.compare.SocketCarrier;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Locale;

/** The transports that a lab can run. */
public enum LabTransport {
  /** The kernel's TCP, with {@code TCP_NODELAY} and length-prefixed messages. */
  TCP(IpPacket.TCP),
  /** Bare UDP by the Java runtime: one message a datagram, nothing added. */
  UDP(IpPacket.UDP),
  /** Posthorn in plain mode. */
  PLAIN(IpPacket.UDP),
  /** Posthorn in reliable mode. */
  RELIABLE(IpPacket.UDP);

  private final int protocol;

  LabTransport(int protocol) {
    this.protocol = protocol;
  }

  /** The number of the IP protocol that carries it. */
  int protocol() {
    return protocol;
  }

  /**
   * Opens both ends.
   *
   * @param listen where the receiving end listens; port 0 takes a free one
   * @param target the address under which the sending end reaches it
   * @param request the run it is for
   * @return the open carrier
   * @throws IOException if it could not be opened within the request's timeout
   */
  public Carrier open(InetSocketAddress listen, InetAddress target, FlowRequest request)
      throws IOException {
    return switch (this) {
      case TCP -> TcpCarrier.open(listen, target, request);
      case UDP -> UdpCarrier.open(listen, target, request);
      case PLAIN -> posthorn(Mode.PLAIN, listen, target, request);
      case RELIABLE -> posthorn(Mode.RELIABLE, listen, target, request);
    };
  }

  private static Carrier posthorn(
      Mode mode, InetSocketAddress listen, InetAddress target, FlowRequest request)
      throws IOException {
    String name = request.congestionController();
    CongestionControl control =
        name.isEmpty()
            ? CongestionControl.ADAPTIVE
            : CongestionControl.valueOf(name.toUpperCase(Locale.ROOT));
    return SocketCarrier.open(mode, listen, target, request.timeoutNanos(), control);
  }
}
