package io.posthorn.cli.sockets;

import io.posthorn.AddressText;
import io.posthorn.ConnectionInfo;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.SocketStatistics;
import io.posthorn.simulation.Relay;
import io.posthorn.simulation.RelayStatistics;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the sockets of this process have to tell of themselves. */
public final class SocketRows {
  private SocketRows() {}

  /**
   * The rows of a message socket and its connections, whenever they are asked for.
   *
   * @param family of IPv4 or IPv6 if it is of that alone, else null
   */
  public static Supplier<List<SocketRow>> of(
      MessageSocket socket, boolean listens, @Nullable ProtocolFamily family) {
    long openedNanos = System.nanoTime();
    return () -> rows(socket, listens, family, System.nanoTime() - openedNanos);
  }

  private static List<SocketRow> rows(
      MessageSocket socket, boolean listens, @Nullable ProtocolFamily family, long ageNanos) {
    List<SocketRow> rows = new ArrayList<>();
    if (socket.isClosed()) {
      return rows;
    }
    String mode = socket.mode() == Mode.PLAIN ? "plain" : "reliable";
    String local = LocalText.of(socket.localAddress(), family);
    SocketStatistics done = socket.statistics();
    rows.add(
        new SocketRow(
            mode,
            listens ? "listening" : "open",
            local,
            "",
            "",
            -1,
            -1,
            -1,
            -1,
            done.datagramsSent(),
            done.datagramsReceived(),
            socket.mode() == Mode.PLAIN ? -1 : done.packetsLost(),
            done.receiveOverflows(),
            ageNanos,
            "",
            -1,
            ""));
    for (ConnectionInfo info : socket.connections()) {
      rows.add(
          new SocketRow(
              mode,
              words(info.state()),
              LocalText.of(info.local(), family),
              AddressText.of(info.remote()),
              String.format(Locale.ROOT, "%016x", info.connectionId()),
              info.smoothedRtt().toNanos(),
              info.congestionWindowBytes(),
              info.bytesInFlight(),
              info.bytesQueued(),
              info.packetsSent(),
              info.packetsReceived(),
              info.packetsLost(),
              -1,
              info.age().toNanos(),
              words(info.limitedBy()),
              -1,
              ""));
    }
    return rows;
  }

  /**
   * The row of a relay.
   *
   * @param family of IPv4 or IPv6 if it hears that alone, else null
   */
  public static Supplier<List<SocketRow>> of(
      Relay relay, InetSocketAddress target, @Nullable ProtocolFamily family) {
    long openedNanos = System.nanoTime();
    return () -> {
      RelayStatistics done = relay.statistics();
      long lost =
          done.up().offered()
              - done.up().delivered()
              + done.down().offered()
              - done.down().delivered();
      return List.of(
          new SocketRow(
              "proxy",
              "listening",
              LocalText.of(relay.localAddress(), family),
              AddressText.of(target),
              "",
              -1,
              -1,
              -1,
              -1,
              done.down().delivered(),
              done.up().offered(),
              Math.max(0, lost),
              -1,
              System.nanoTime() - openedNanos,
              "",
              -1,
              ""));
    };
  }

  private static String words(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
