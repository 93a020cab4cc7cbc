package io.posthorn.simulation;

import io.posthorn.ConnectionInfo;
import io.posthorn.DraftOptions;
import io.posthorn.Mode;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.simulation.checker.History;
import io.posthorn.testkit.jqwik.ScheduledSend;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Two parties on one network: forth is from a to b. */
final class Pair {
  static final InetSocketAddress A = address(1, 4001);
  static final InetSocketAddress B = address(2, 4002);

  final History history = new History();
  final SimulatedNetwork network;
  final Party a;
  final Party b;

  /** Time and size of each datagram, once {@link #watchSizes} was called. */
  final List<long[]> offered = new ArrayList<>();

  Pair(long seed, SocketOptions options) {
    this(seed, options, options);
  }

  Pair(long seed, SocketOptions optionsOfA, SocketOptions optionsOfB) {
    network = SimulatedNetwork.seeded(seed);
    a = new Party(network, history, 0, A, optionsOfA, seed * 2 + 1);
    b = new Party(network, history, 1, B, optionsOfB, seed * 2 + 2);
    a.meet(b);
    b.meet(a);
  }

  static InetSocketAddress address(int last, int port) {
    try {
      return new InetSocketAddress(
          InetAddress.getByAddress(new byte[] {10, 0, (byte) (last >> 8), (byte) last}), port);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  /** Sealed, with the usual limits. */
  static SocketOptions options() {
    return SocketOptions.defaults(Mode.RELIABLE);
  }

  /** Not encrypted, with the usual limits. */
  static SocketOptions clear() {
    return clear(options().maxDatagramBytes());
  }

  /** Not encrypted, with this ceiling of datagrams. */
  static SocketOptions clear(int maxDatagramBytes) {
    DraftOptions options = DraftOptions.of(Mode.RELIABLE);
    options.security = Security.none();
    options.maxDatagramBytes = maxDatagramBytes;
    return options.done();
  }

  /**
   * Options for runs in which a handshake may take as long as a bad network wants.
   *
   * @param sealed whether packets are encrypted
   * @param tight whether buffers are small
   */
  static SocketOptions patient(boolean sealed, boolean tight) {
    return options(sealed, tight, Duration.ofMinutes(3));
  }

  /** The same, but for how long a handshake may take. */
  static SocketOptions options(boolean sealed, boolean tight, Duration handshakeTimeout) {
    DraftOptions options = DraftOptions.of(Mode.RELIABLE);
    options.security = sealed ? Security.ephemeral() : Security.none();
    options.handshakeTimeout = handshakeTimeout;
    if (tight) {
      options.sendBufferBytes = 80 << 10;
      options.receiveBufferBytes = 256 << 10;
      options.socketReceiveBytes = 512 << 10;
      options.maxWholeMessageBytes = 72 << 10;
    }
    return options.done();
  }

  Pair link(LinkConditions forth, LinkConditions back) {
    network.link(A, B, forth);
    network.link(B, A, back);
    return this;
  }

  Pair link(LinkConditions both) {
    return link(both, both);
  }

  /** Remembers how large each datagram is. */
  Pair watchSizes() {
    network.intercept(
        (from, to, number, datagram) -> {
          offered.add(new long[] {network.nowNanos(), datagram.remaining()});
          return Interception.DELIVER;
        });
    return this;
  }

  /** Has these messages sent, each at its time. */
  void schedule(List<ScheduledSend> sends) {
    for (ScheduledSend send : sends) {
      Party from = send.forth() ? a : b;
      Party to = send.forth() ? b : a;
      network.at(
          Duration.ofMillis(send.atMillis()),
          () ->
              from.send(
                  to,
                  send.channel(),
                  send.delivery(),
                  send.key(),
                  send.sizeBytes(),
                  send.lifeMillis() == 0
                      ? Endpoint.NEVER
                      : network.nowNanos() + send.lifeMillis() * 1_000_000L));
    }
  }

  /** Whether everything wanted was taken and has its outcome. */
  boolean isSettled() {
    return history.unsettled() == 0 && a.waiting() == 0 && b.waiting() == 0;
  }

  /** The larger of the round trips that the two measure just now, smoothed; 0 if neither has. */
  long smoothedRttNanos() {
    long longest = 0;
    for (Party party : List.of(a, b)) {
      for (ConnectionInfo connection : party.endpoint().connections(network.nowNanos())) {
        longest = Math.max(longest, connection.smoothedRtt().toNanos());
      }
    }
    return longest;
  }

  /** Closes both, and runs until both have nothing left to say. */
  boolean close(Duration linger, Duration limit) {
    a.closeAll(linger);
    b.closeAll(linger);
    return network.runUntil(
        () -> a.endpoint().isClosed() && b.endpoint().isClosed() && history.unsettled() == 0,
        limit);
  }
}
