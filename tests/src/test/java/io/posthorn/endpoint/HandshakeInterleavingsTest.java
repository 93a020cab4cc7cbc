package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.EcnMark;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.handshake.StaticKey;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.ThirdMessagePacket;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The handshake, exhaustively up to a bound. In no state that can be reached does a side count as
 * connected in keys that the other does not hold: a packet that it seals in that very state, handed
 * to the other at once and without a handshake message before it, opens there and is delivered.
 *
 * <p>What is enumerated: two new endpoints of one suite (clear, Noise XX, XX with a shared key), of
 * which one or both have been told to connect to the other, where each M1 is asked for a cookie or
 * none is. From there every sequence of so many steps as the row says, each of them any of
 *
 * <ul>
 *   <li>a datagram under way is delivered, whichever: so any order;
 *   <li>a copy of it is, and it is still under way;
 *   <li>it is lost;
 *   <li>the clock goes to the next deadline of the two ends, and both are told the time,
 * </ul>
 *
 * <p>with at most so many copies and losses together, and at most so many deadlines, as the row
 * says. Of identical datagrams to one end one is taken for all. States are looked at after each
 * step; sequences in which each end saw the same in the same order, and the same is under way, lead
 * to one state, which is looked at once. States are reached by replaying their history on new
 * endpoints, which are functions of their inputs.
 *
 * <p>What is not: datagrams that are changed, or forged; more than one connection asked for by an
 * end; applications that send, close or restart meanwhile; addresses that change; and what needs
 * more steps than the row has. {@code -Dposthorn.interleavings=1} adds a step to each row, and
 * takes minutes.
 */
@Timeout(120)
class HandshakeInterleavingsTest {
  private static final InetSocketAddress[] ADDRESSES = {HandPeer.address(1), HandPeer.address(2)};
  private static final byte[] BODY = {1, 2, 3};

  /** What the ends are asked for by their options. */
  enum Suite {
    CLEAR,
    NOISE,
    SHARED;

    Security security() {
      return switch (this) {
        case CLEAR -> Security.none();
        case NOISE -> Security.ephemeral();
        case SHARED -> Security.preSharedKey(new byte[StaticKey.KEY_BYTES]);
      };
    }
  }

  /** What may happen next. */
  private enum Kind {
    DELIVER,
    COPY,
    LOSE,
    TIMER
  }

  private record Action(Kind kind, int index) {}

  private record Flying(int to, byte[] bytes) {}

  /**
   * What is examined.
   *
   * @param security of both ends
   * @param both whether both open at once
   * @param cookies whether each M1 is asked for one
   * @param faults losses and copies in one history, at most
   * @param timers that come in one history, at most
   */
  private record Case(Security security, boolean both, boolean cookies, int faults, int timers) {
    World replay(List<Action> history) {
      World world = new World(this);
      history.forEach(world::apply);
      return world;
    }
  }

  /** Two endpoints and what is under way between them. */
  private static final class World {
    private static final StaticKey[] KEYS = {
      StaticKey.generate(new SplittableRandom(1)), StaticKey.generate(new SplittableRandom(2))
    };

    final ReliableEndpoint[] ends = new ReliableEndpoint[2];
    final List<Flying> flying = new ArrayList<>();
    final List<TreeSet<Long>> connected = List.of(new TreeSet<>(), new TreeSet<>());
    final long[] opened = new long[2];
    final List<List<Integer>> seen = List.of(new ArrayList<>(), new ArrayList<>());
    private final TransmitBatch batch = new TransmitBatch();
    private final Case is;
    private long nowNanos;
    private int faults;
    private int timers;

    World(Case is) {
      this.is = is;
      SocketOptions options = HandPeer.options(is.security, 100, 1 << 28);
      for (int i = 0; i < 2; i++) {
        InetSocketAddress own = ADDRESSES[i];
        ends[i] =
            new ReliableEndpoint(
                new EndpointSetup(options, new SplittableRandom(7 + i), own::equals)
                    .withIdentity(KEYS[i])
                    .withCookieThreshold(is.cookies ? 0 : Admission.COOKIE_THRESHOLD));
      }
      for (int i = 0; i < (is.both ? 2 : 1); i++) {
        ends[i].connect(ADDRESSES[1 - i], 0);
        collect(i);
      }
    }

    void apply(Action action) {
      switch (action.kind) {
        case DELIVER -> deliver(flying.remove(action.index));
        case COPY -> {
          faults++;
          deliver(flying.get(action.index));
        }
        case LOSE -> {
          faults++;
          flying.remove(action.index);
        }
        case TIMER -> {
          timers++;
          timer();
        }
      }
    }

    private void deliver(Flying datagram) {
      int to = datagram.to;
      seen.get(to).add(Arrays.hashCode(datagram.bytes));
      ends[to].onDatagram(
          ByteBuffer.wrap(datagram.bytes.clone()), ADDRESSES[1 - to], EcnMark.NOT_ECT, nowNanos);
      collect(to);
    }

    private void timer() {
      nowNanos =
          Math.max(nowNanos, Math.min(ends[0].nextTimeoutNanos(), ends[1].nextTimeoutNanos()));
      for (int i = 0; i < 2; i++) {
        seen.get(i).add(timers);
        ends[i].onTimeout(nowNanos);
        collect(i);
      }
    }

    private void collect(int end) {
      while (ends[end].pollTransmit(batch, nowNanos)) {
        for (int i = 0; i < batch.segments(); i++) {
          ByteBuffer segment = batch.segment(i);
          byte[] bytes = new byte[segment.remaining()];
          segment.get(bytes);
          flying.add(new Flying(1 - end, bytes));
        }
      }
      for (EndpointEvent event = ends[end].pollEvent();
          event != null;
          event = ends[end].pollEvent()) {
        if (event instanceof EndpointEvent.Connected is) {
          connected.get(end).add(is.connection());
          opened[end]++;
        } else if (event instanceof EndpointEvent.Closed is) {
          connected.get(end).remove(is.connection());
        }
      }
    }

    List<Action> possible() {
      List<Action> actions = new ArrayList<>();
      Set<Integer> alike = new HashSet<>();
      for (int i = 0; i < flying.size(); i++) {
        if (!alike.add(31 * Arrays.hashCode(flying.get(i).bytes) + flying.get(i).to)) {
          continue; // an identical datagram to the same end
        }
        actions.add(new Action(Kind.DELIVER, i));
        if (faults < is.faults) {
          actions.add(new Action(Kind.LOSE, i));
          actions.add(new Action(Kind.COPY, i));
        }
      }
      if (timers < is.timers) {
        actions.add(new Action(Kind.TIMER, 0));
      }
      return actions;
    }

    /** Equal for histories that no end, and nothing under way, can tell apart. */
    List<Object> state() {
      List<Integer> underWay = new ArrayList<>();
      for (Flying each : flying) {
        underWay.add(31 * Arrays.hashCode(each.bytes) + each.to);
      }
      underWay.sort(null);
      return List.of(underWay, seen.get(0), seen.get(1), faults, timers);
    }

    /** Whether the other end holds the keys of a connection: a packet of it opens there, now. */
    boolean opensAtTheOtherEnd(int end, long connection) {
      flying.clear();
      ends[end].send(OutgoingMessage.ordered(connection, ADDRESSES[1 - end], BODY), nowNanos);
      collect(end);
      for (int rounds = 0; rounds < 20; rounds++) {
        List<Flying> sent = List.copyOf(flying);
        flying.clear();
        for (Flying each : sent) {
          byte[] packet = withoutThird(each.bytes);
          if (each.to == end || packet.length == 0) {
            continue;
          }
          ends[1 - end].onDatagram(
              ByteBuffer.wrap(packet), ADDRESSES[end], EcnMark.NOT_ECT, nowNanos);
          ReceivedMessage message = ends[1 - end].pollMessage(nowNanos);
          if (message != null) {
            return Arrays.equals(BODY, message.body());
          }
        }
        if (ends[end].nextTimeoutNanos() == Endpoint.NEVER) {
          return false;
        }
        nowNanos = Math.max(nowNanos, ends[end].nextTimeoutNanos()); // the pacer's, or a probe's
        ends[end].onTimeout(nowNanos);
        collect(end);
      }
      return false;
    }

    private static byte[] withoutThird(byte[] datagram) {
      switch (PacketHeader.kind(datagram[0])) {
        case PacketHeader.DATA -> {
          return datagram;
        }
        case PacketHeader.THIRD_MESSAGE -> {
          ThirdMessagePacket third = new ThirdMessagePacket();
          third.check(datagram, 0, datagram.length);
          return Arrays.copyOfRange(datagram, third.dataFrom(), datagram.length);
        }
        default -> {
          return new byte[0];
        }
      }
    }
  }

  /** Bounds that a few seconds allow; deeper by -Dposthorn.interleavings=1. */
  @ParameterizedTest(name = "{0}, both open {1}, cookies {2}: {3} steps, {4} faults, {5} timers")
  @CsvSource({
    "CLEAR,  false, false, 6, 2, 1, 1000, 100",
    "CLEAR,  true,  false, 5, 2, 1, 500,  20",
    "CLEAR,  false, true,  7, 1, 1, 500,  20",
    "CLEAR,  true,  true,  7, 1, 0, 200,  20",
    "NOISE,  false, false, 5, 1, 1, 100,  20",
    "NOISE,  true,  false, 5, 1, 0, 50,   2",
    "NOISE,  true,  false, 5, 0, 1, 50,   2",
    "NOISE,  false, true,  7, 1, 0, 50,   10",
    "SHARED, false, false, 5, 1, 1, 100,  20",
    "SHARED, true,  false, 5, 1, 0, 50,   2",
    "SHARED, false, true,  7, 1, 0, 50,   2",
  })
  void whoCountsAsConnectedSharesItsKeys(
      Suite suite,
      boolean both,
      boolean cookies,
      int steps,
      int faults,
      int timers,
      int leastStates,
      int leastChecked) {
    Case is = new Case(suite.security(), both, cookies, faults, timers);
    int depth = steps + Integer.getInteger("posthorn.interleavings", 0);
    Set<List<Object>> known = new HashSet<>();
    ArrayDeque<List<Action>> open = new ArrayDeque<>();
    open.add(List.of());
    int[] checked = new int[2];
    while (!open.isEmpty()) {
      List<Action> history = open.poll();
      World world = is.replay(history);
      if (!known.add(world.state())) {
        continue;
      }
      for (int end = 0; end < 2; end++) {
        assertEquals(world.opened[end], world.ends[end].counters().connectionsOpened);
        for (long connection : world.connected.get(end)) {
          assertTrue(
              is.replay(history).opensAtTheOtherEnd(end, connection),
              "end " + end + " alone has the keys of its connection after " + history);
          checked[end]++;
        }
      }
      if (history.size() < depth) {
        for (Action action : world.possible()) {
          List<Action> longer = new ArrayList<>(history);
          longer.add(action);
          open.add(longer);
        }
      }
    }
    System.out.println(
        suite
            + (both ? ", both open" : ", one opens")
            + (cookies ? ", cookies: " : ": ")
            + known.size()
            + " states within "
            + depth
            + " steps, "
            + faults
            + " faults, "
            + timers
            + " timers; connected in "
            + checked[0]
            + " and "
            + checked[1]);
    assertTrue(known.size() >= leastStates, known.size() + " states");
    assertTrue(
        checked[0] + checked[1] >= leastChecked && (both || checked[0] * checked[1] > 0),
        checked[0] + " and " + checked[1] + " states with a connection");
  }
}
