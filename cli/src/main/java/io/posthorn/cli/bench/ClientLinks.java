package io.posthorn.cli.bench;

import io.posthorn.AddressText;
import io.posthorn.Connection;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.cli.session.Application;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.function.Function;

/** Opens the client's end of a link; what arrives goes to the sink that is made for the link. */
final class ClientLinks {
  private ClientLinks() {}

  /** A connection of the kernel's TCP. */
  static <S extends BenchLink.Sink> S tcp(
      InetSocketAddress server, Duration timeout, Function<BenchLink, S> maker) throws IOException {
    Socket socket = new Socket();
    try {
      socket.connect(server, (int) Math.min(Integer.MAX_VALUE, timeout.toMillis()));
      TcpLink link = new TcpLink(socket);
      S sink = maker.apply(link);
      link.deliverTo(sink, "posthorn-bench-tcp");
      return sink;
    } catch (IOException failed) {
      socket.close();
      throw failed;
    }
  }

  /**
   * Plain datagrams, or a connection in reliable mode.
   *
   * @param socket belongs to the link from now on
   * @throws BenchException if there is a connection, and with no bench server: it was sent nothing
   */
  static <S extends BenchLink.Sink> S udp(
      InetSocketAddress server, MessageSocket socket, Function<BenchLink, S> maker)
      throws IOException {
    try {
      Connection connection = socket.mode() == Mode.RELIABLE ? socket.connect(server) : null;
      if (connection != null) {
        requireServer(connection, server);
      }
      MessageLink link = new MessageLink(socket, server, connection, true);
      S sink = maker.apply(link);
      link.deliverTo(sink);
      return sink;
    } catch (IOException | RuntimeException failed) {
      socket.close();
      throw failed;
    }
  }

  private static void requireServer(Connection connection, InetSocketAddress server)
      throws BenchException {
    if (Application.of(connection) != Application.BENCH) {
      String said = connection.peerApplication();
      throw new BenchException(
          BenchException.Kind.FOREIGN,
          "whoever answers at "
              + AddressText.of(server)
              + (said.isEmpty()
                  ? " does not say that it is a bench server"
                  : " is no bench server, but speaks " + BenchMessage.harmless(said)));
    }
  }
}
