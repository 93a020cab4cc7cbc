package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.EcnMark;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.endpoint.EndpointSetup;
import io.posthorn.endpoint.ReachableHeap;
import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.protocol.handshake.ConnectionIdIssuer;
import io.posthorn.protocol.handshake.StaticKey;
import io.posthorn.simulation.checker.Checkers;
import io.posthorn.wire.BigEndian;
import io.posthorn.wire.ControlPacket;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;

/** Invariant 6, and the second half of 2: what those get who have proved nothing. */
class StrangersProperties {
  private static final InetSocketAddress STRANGER = Pair.address(66, 6666);

  private static final int GARBAGE = 20_000;

  /** An endpoint without a network, and the account of each address. */
  private static final class Open {
    final Endpoint endpoint;
    final Map<InetSocketAddress, long[]> accounts = new HashMap<>();
    private final TransmitBatch batch = new TransmitBatch();
    private @Nullable ConnectionIdIssuer ids;
    private long nowNanos;
    private byte[] lastAnswer = {};

    /** How often it answered with M2, and with a retry. */
    int seconds;

    int retries;

    Open(SocketOptions options, long seed) {
      endpoint = new ReliableEndpoint(options, new SplittableRandom(seed), Pair.B::equals);
    }

    /** With an identity that outlives the process: its lost connections are told from garbage. */
    static Open lasting(SocketOptions options, long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      StaticKey identity = StaticKey.generate(random);
      Open open =
          new Open(
              new ReliableEndpoint(
                  new EndpointSetup(options, random, Pair.B::equals).withIdentity(identity)));
      open.ids = new ConnectionIdIssuer(identity, null, random, id -> false);
      return open;
    }

    /** Whether its identity may have issued the id of a packet: that of one in 65,536 at random. */
    boolean mayHaveIssued(byte[] packet) {
      ConnectionIdIssuer known = ids;
      return known == null
          || (packet.length > Long.BYTES && known.isIssuedHere(BigEndian.getLong(packet, 1)));
    }

    private Open(Endpoint endpoint) {
      this.endpoint = endpoint;
    }

    /** Takes a datagram and sends what it causes; at each datagram the account must stand. */
    void give(byte[] datagram, InetSocketAddress from) {
      give(datagram, from, 1_000_000);
    }

    /** As the other, so long after the one before. */
    void give(byte[] datagram, InetSocketAddress from, long afterNanos) {
      nowNanos += afterNanos;
      long[] account = accounts.computeIfAbsent(from, none -> new long[2]);
      account[0] += datagram.length;
      endpoint.onDatagram(ByteBuffer.wrap(datagram.clone()), from, EcnMark.UNKNOWN, nowNanos);
      drain();
    }

    void pass(Duration time) {
      long end = nowNanos + time.toNanos();
      while (endpoint.nextTimeoutNanos() <= end) {
        nowNanos = Math.max(nowNanos, endpoint.nextTimeoutNanos());
        endpoint.onTimeout(nowNanos);
        drain();
      }
      nowNanos = end;
    }

    private void drain() {
      while (endpoint.pollTransmit(batch, nowNanos)) {
        long[] account = accounts.computeIfAbsent(batch.peer(), none -> new long[2]);
        account[1] += batch.lengthBytes();
        lastAnswer = Arrays.copyOf(batch.bytes(), batch.lengthBytes());
        int kind = PacketHeader.kind(lastAnswer[0]);
        seconds += kind == PacketHeader.SECOND_MESSAGE ? 1 : 0;
        retries += kind == PacketHeader.CONTROL && lastAnswer[1] == ControlPacket.RETRY ? 1 : 0;
        if (account[1] > 3 * account[0]) {
          throw new AssertionError(
              account[1] + " bytes for " + account[0] + " bytes from " + batch.peer());
        }
      }
      for (Object event = endpoint.pollEvent(); event != null; event = endpoint.pollEvent()) {
        throw new AssertionError("a stranger caused " + event);
      }
      assertEquals(null, endpoint.pollMessage(nowNanos), "a message from a stranger");
    }

    long answered() {
      long sum = 0;
      for (long[] account : accounts.values()) {
        sum += account[1];
      }
      return sum;
    }

    long dropped() {
      long sum = 0;
      for (int i = 1; i < DropReason.count(); i++) {
        sum += endpoint.counters().drops(DropReason.of(i));
      }
      return sum;
    }
  }

  private static SocketOptions options(boolean clear) {
    return clear ? Pair.clear() : Pair.options();
  }

  /**
   * FAULTS 35 and 55. Every first byte, every small size: no exception, no answer, one named drop
   * each.
   */
  @Example
  void shortGarbageOfAnyKindGetsNoAnswer() {
    for (boolean clear : new boolean[] {false, true}) {
      Open open = Open.lasting(options(clear), 1);
      SplittableRandom random = new SplittableRandom(2);
      long given = 0;
      for (int first = 0; first < 256; first++) {
        for (int size = 0; size <= 64; size++) {
          byte[] datagram = new byte[size];
          random.nextBytes(datagram);
          if (size > 0) {
            datagram[0] = (byte) first;
          }
          open.give(datagram, STRANGER);
          given++;
        }
      }
      assertEquals(0, open.answered());
      assertEquals(given, open.dropped(), "each is dropped for one reason");
      assertEquals(Long.MAX_VALUE, open.endpoint.nextTimeoutNanos(), "nothing is kept");
    }
  }

  /** Random bytes of any size, in part with a first byte that means something. */
  @Property(tries = 500, edgeCases = EdgeCasesMode.NONE)
  void randomBytesGetNoAnswer(
      @ForAll long seed,
      @ForAll @IntRange(min = 0, max = WireLimits.MAX_DATAGRAM_BYTES) int size,
      @ForAll @IntRange(min = 0, max = 20) int first,
      @ForAll boolean clear,
      @ForAll boolean lasting) {
    Open open = lasting ? Open.lasting(options(clear), seed) : new Open(options(clear), seed);
    byte[] datagram = new byte[size];
    new SplittableRandom(seed).nextBytes(datagram);
    if (size > 0) {
      datagram[0] = (byte) first;
    }
    open.give(datagram, STRANGER);
    open.pass(Duration.ofSeconds(30));
    // M1 of another version is told which ones are spoken: once for each, and in less bytes.
    boolean versions = size >= WireLimits.MINIMUM_DATAGRAM_BYTES && first == 4;
    // Whose key is new can not tell garbage from a packet of a connection that he had before.
    boolean isData = first >= 8 && first <= 15;
    boolean mayBeAnswered = versions || (isData && open.mayHaveIssued(datagram));
    assertTrue(open.answered() == 0 || mayBeAnswered, open.answered() + " bytes");
    assertTrue(open.answered() <= size, "an answer is no longer than what it answers");
    assertEquals(1, open.dropped());
  }

  /**
   * FAULTS 35: ten minutes of it, each from another address, with packets of somebody's
   * conversation among them: not a byte more is held afterwards than before.
   */
  @Example
  void fault35_tenMinutesOfGarbageLeaveNothing() {
    for (boolean clear : new boolean[] {false, true}) {
      SplittableRandom random = new SplittableRandom(35);
      List<byte[]> recorded = recorded(options(clear), 35);
      recorded.add(new byte[] {7}); // of each kind one: a reader holds what it read last
      Open open = Open.lasting(options(clear), 36);
      long before = heapBytesAfter(recorded, open);
      long began = open.nowNanos;
      long most = before;
      for (int i = 0; i < GARBAGE; i++) {
        byte[] datagram;
        if (i % 50 == 0) {
          datagram = recorded.get(random.nextInt(recorded.size()));
        } else {
          datagram = new byte[random.nextInt(1_300)];
          random.nextBytes(datagram);
          if (datagram.length > 0) {
            datagram[0] = (byte) random.nextInt(20);
          }
        }
        open.give(datagram, Pair.address(random.nextInt(250), i), 600_000_000_000L / GARBAGE);
        if (i % 1_000 == 0) {
          most = Math.max(most, ReachableHeap.from(open.endpoint).bytes());
        }
      }
      assertTrue(open.nowNanos - began >= 599_000_000_000L);
      assertTrue(most - before < 64 << 10, most - before + " bytes in between");
      assertEquals(before, heapBytesAfter(recorded, open));
    }
  }

  /** What is held when these have come, and half a minute later. */
  private static long heapBytesAfter(List<byte[]> datagrams, Open open) {
    for (byte[] datagram : datagrams) {
      open.give(datagram, STRANGER);
    }
    open.pass(Duration.ofSeconds(30));
    return ReachableHeap.from(open.endpoint).bytes();
  }

  /** What was recorded of a conversation, and how it is bent. */
  record Bent(int packet, int offset, int xor, int cut, int grow) {
    byte[] apply(List<byte[]> recorded) {
      byte[] bytes = recorded.get(packet % recorded.size()).clone();
      if (bytes.length > 0 && xor != 0) {
        bytes[offset % bytes.length] ^= (byte) xor;
      }
      byte[] out = new byte[Math.max(0, bytes.length - cut) + grow];
      System.arraycopy(bytes, 0, out, 0, Math.min(bytes.length, out.length));
      return out;
    }
  }

  @Provide
  Arbitrary<List<Bent>> bents() {
    return Combinators.combine(
            Arbitraries.integers().between(0, 40),
            Arbitraries.integers().between(0, 1_250),
            Arbitraries.integers().between(0, 255),
            Arbitraries.of(0, 0, 0, 1, 16, 1_000, 1_140),
            Arbitraries.of(0, 0, 0, 1, 100))
        .as(Bent::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(30);
  }

  /** All datagrams of a short conversation, from and to both ends. */
  private static List<byte[]> recorded(SocketOptions options, long seed) {
    Pair pair = new Pair(seed, options).link(LinkConditions.parse("delay 5ms loss 10%"));
    List<byte[]> datagrams = new ArrayList<>();
    pair.network.intercept(
        (from, to, number, datagram) -> {
          byte[] bytes = new byte[datagram.remaining()];
          datagram.get(datagram.position(), bytes);
          datagrams.add(bytes);
          return Interception.DELIVER;
        });
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 3_000);
    pair.b.send(pair.a, 0, Delivery.RELIABLE_UNORDERED, 300);
    pair.network.run(Duration.ofSeconds(12));
    pair.close(Duration.ofSeconds(1), Duration.ofSeconds(5));
    return datagrams;
  }

  /** FAULTS 35, 40, 44, 45: replays to somebody else open nothing and are not amplified. */
  @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
  void replaysAreNotAmplified(
      @ForAll long seed,
      @ForAll("bents") List<Bent> bents,
      @ForAll @Size(min = 1, max = 30) List<@IntRange(min = 1, max = 3) Integer> sources,
      @ForAll boolean clear) {
    SocketOptions options = options(clear);
    List<byte[]> recorded = recorded(options, seed);
    // A stream of chance that no end of the recording has, or it would be no stranger.
    Open open = new Open(options, seed ^ 1L << 62);
    for (int i = 0; i < bents.size(); i++) {
      open.give(bents.get(i).apply(recorded), Pair.address(sources.get(i % sources.size()), 1_000));
    }
    open.pass(Duration.ofSeconds(30));
    assertEquals(List.of(), open.endpoint.connections(open.nowNanos));
    assertEquals(Long.MAX_VALUE, open.endpoint.nextTimeoutNanos(), "what was kept is gone");
  }

  /** The first message of some conversation. */
  private static byte[] first(SocketOptions options, long seed) {
    byte[] first = recorded(options, seed).get(0);
    assertEquals(PacketHeader.FIRST_MESSAGE, PacketHeader.kind(first[0]));
    return first;
  }

  /**
   * FAULTS 40: a first message in less than 1,200 bytes is answered by nobody, whatever it says and
   * whoever is known already; a whole one by at most three times as much, and nothing unasked.
   */
  @Example
  void fault40_aFirstMessageThatIsTooSmallGetsNoAnswer() {
    for (boolean clear : new boolean[] {false, true}) {
      byte[] first = first(options(clear), 40);
      byte[] otherVersion = first.clone();
      otherVersion[4] ^= 1;
      byte[] otherSuite = first.clone();
      otherSuite[5] ^= 1;
      Open open = new Open(options(clear), 41);
      for (int size = 0; size < WireLimits.MINIMUM_DATAGRAM_BYTES; size++) {
        open.give(Arrays.copyOf(first, size), Pair.address(size, 1_000));
        open.give(Arrays.copyOf(otherVersion, size), Pair.address(size, 1_000));
        open.give(Arrays.copyOf(otherSuite, size), Pair.address(size, 1_000));
      }
      assertEquals(0, open.answered());
      assertEquals(Long.MAX_VALUE, open.endpoint.nextTimeoutNanos(), "nothing is kept");
      open.give(first, STRANGER);
      long answered = open.answered();
      assertTrue(answered > 0 && answered <= 3L * first.length);
      for (int size = 0; size < WireLimits.MINIMUM_DATAGRAM_BYTES; size++) {
        open.give(Arrays.copyOf(first, size), STRANGER);
      }
      open.pass(Duration.ofSeconds(30));
      assertEquals(answered, open.answered(), "it repeats nothing");
    }
  }

  /** The same first message with the cookie that a retry brought. */
  private static byte[] withCookie(byte[] first, byte[] retry) {
    ControlPacket control = new ControlPacket();
    assertEquals(DropReason.NONE, control.check(retry, 0, retry.length));
    int from = control.cookieFrom();
    byte[] cookie = Arrays.copyOfRange(retry, from, from + control.cookieLength());
    FirstMessagePacket packet = new FirstMessagePacket();
    assertEquals(DropReason.NONE, packet.check(first, 0, first.length));
    int bodyFrom = packet.bodyFrom();
    byte[] body = Arrays.copyOfRange(first, bodyFrom, bodyFrom + packet.bodyLength());
    byte[] out = new byte[WireLimits.MINIMUM_DATAGRAM_BYTES];
    long id = packet.initiatorConnectionId();
    FirstMessagePacket.write(out, 0, packet.suite(), id, cookie, cookie.length, body, body.length);
    return out;
  }

  /**
   * FAULTS 41: a flood of first messages from many addresses; what is kept is capped (PROTOCOL.md
   * §8.6). Of those who do not prove their address 256 are answered with M2, all others asked for a
   * cookie; of those who do, 1,024 are.
   */
  @Property(tries = 3)
  void fault41_aFloodOfFirstMessagesIsCapped(@ForAll long seed, @ForAll boolean clear) {
    SocketOptions options = options(clear);
    byte[] first = first(options, seed);
    Open spoofed = new Open(options, seed ^ 1L << 62);
    for (int i = 0; i < 3_000; i++) {
      spoofed.give(first, Pair.address(i % 250, 1_000 + i));
    }
    assertEquals(256, spoofed.seconds);
    assertEquals(3_000 - 256, spoofed.retries);
    spoofed.pass(Duration.ofSeconds(30));
    assertEquals(Long.MAX_VALUE, spoofed.endpoint.nextTimeoutNanos(), "what was kept is gone");

    Open proved = new Open(options, seed ^ 1L << 62);
    for (int i = 0; i < 3_000; i++) { // within a second, after which the oldest make room
      InetSocketAddress from = Pair.address(i % 250, 1_000 + i);
      int retries = proved.retries;
      proved.give(first, from, 150_000);
      if (proved.retries > retries) {
        proved.give(withCookie(first, proved.lastAnswer), from, 150_000);
      }
    }
    assertEquals(1_024, proved.seconds);
    assertEquals(3_000 - 1_024, proved.endpoint.counters().drops(DropReason.HALF_OPEN_LIMIT));
    proved.pass(Duration.ofSeconds(30));
    assertEquals(Long.MAX_VALUE, proved.endpoint.nextTimeoutNanos(), "what was kept is gone");

    // And a new honest client connects in the midst of it.
    Pair pair = new Pair(seed, options).link(LinkConditions.parse("delay 5ms"));
    for (int i = 0; i < 2_000; i++) {
      pair.b.onDatagram(ByteBuffer.wrap(first.clone()), Pair.address(i % 250, 1_000 + i), 0);
    }
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    assertTrue(pair.network.runUntil(pair::isSettled, Duration.ofSeconds(2)), "shut out");
  }

  /**
   * FAULTS 36: somebody on the path who copies, bends and cuts packets, and sends them under either
   * name: all arrives all the same, once, whole and in order, and the connection lives.
   */
  @Property(tries = 150, edgeCases = EdgeCasesMode.NONE)
  void forgeriesChangeNothing(
      @ForAll long seed, @ForAll("bents") List<Bent> bents, @ForAll boolean inTheirName) {
    Pair pair = new Pair(seed, Pair.patient(true, false)).link(LinkConditions.parse("delay 20ms"));
    List<byte[]> seen = new ArrayList<>();
    pair.network.intercept(
        (from, to, number, datagram) -> {
          byte[] bytes = new byte[datagram.remaining()];
          datagram.get(datagram.position(), bytes);
          if (!to.equals(STRANGER)) { // what the stranger was answered it may hand on: a relay
            seen.add(bytes);
          }
          return Interception.DELIVER;
        });
    for (int i = 0; i < 10; i++) {
      long at = i * 15_000_000L;
      pair.network.at(at, () -> pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 300));
      pair.network.at(at, () -> pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 300));
    }
    for (int i = 0; i < bents.size(); i++) {
      Bent bent = bents.get(i);
      boolean toA = i % 2 == 0;
      pair.network.at(
          30_000_000L + i * 5_000_000L,
          () -> {
            byte[] forged = bent.apply(seen);
            if (seen.stream().anyMatch(honest -> Arrays.equals(honest, forged))) {
              return; // an exact copy that overtakes is a path of its own, and no forgery
            }
            InetSocketAddress name = toA ? Pair.B : Pair.A;
            (toA ? pair.a : pair.b)
                .onDatagram(
                    ByteBuffer.wrap(forged),
                    inTheirName ? name : STRANGER,
                    pair.network.nowNanos());
          });
    }
    pair.network.run(Duration.ofSeconds(5));
    assertTrue(pair.isSettled(), () -> "stuck: " + pair.a + "\n" + pair.b);
    assertEquals(20, pair.history.received().size());
    assertEquals(List.of(), pair.history.told(0, EndpointEvent.Closed.class));
    assertEquals(List.of(), pair.history.told(1, EndpointEvent.Closed.class));
    assertEquals(List.of(), pair.history.told(1, EndpointEvent.PathChanged.class));
    Checkers.checkSoFar(pair.history);
  }
}
