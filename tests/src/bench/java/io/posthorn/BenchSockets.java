package io.posthorn;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.PlainEndpoint;
import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.io.DatagramPort;
import io.posthorn.io.PortChoice;
import io.posthorn.runtime.SocketDriver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.function.Predicate;

/** Sockets with settings that the builder does not offer: which port, which packet size. */
public final class BenchSockets {
  private BenchSockets() {}

  /** Opens a socket on any free port of loopback. */
  public static MessageSocket open(
      Mode mode, Security security, boolean portable, int packetBytes, long spinNanos)
      throws IOException {
    SocketOptions defaults = SocketOptions.defaults(mode);
    SocketOptions options =
        new SocketOptions(
            mode,
            security,
            defaults.congestionControl(),
            defaults.maxConnections(),
            defaults.idleTimeout(),
            defaults.handshakeTimeout(),
            defaults.keepAlive(),
            defaults.implicitIdle(),
            defaults.sendBufferBytes(),
            defaults.receiveBufferBytes(),
            defaults.socketReceiveBytes(),
            defaults.maxWholeMessageBytes(),
            packetBytes == 0 ? defaults.maxDatagramBytes() : packetBytes,
            defaults.streaming());
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    DatagramPort port = PortChoice.open(any, portable, mode == Mode.RELIABLE);
    SocketDriver driver =
        SocketDriver.start(port, isSelf -> endpoint(options, isSelf), 0, spinNanos);
    return new MessageSocket(options, Duration.ofSeconds(3), driver);
  }

  private static Endpoint endpoint(SocketOptions options, Predicate<InetSocketAddress> isSelf) {
    return options.mode() == Mode.PLAIN
        ? new PlainEndpoint(options)
        : new ReliableEndpoint(options, new SecureRandom(), isSelf);
  }
}
