package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.ConnectionInfo;
import io.posthorn.Delivery;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.protocol.handshake.ConnectionIdIssuer;
import io.posthorn.protocol.handshake.StaticKey;
import io.posthorn.simulation.checker.Checkers;
import io.posthorn.wire.BigEndian;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.ControlPacket;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.LongPredicate;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Attacks on a conversation that goes on, by those who have no keys; by the numbers of FAULTS. */
class AttackProperties {
  /** The profile "faults" has 1,000,000,000. */
  private static final int GUESSES = Integer.getInteger("posthorn.guesses", 100_000);

  private static final InetSocketAddress STRANGER = Pair.address(66, 6666);

  private record Seen(InetSocketAddress from, InetSocketAddress to, byte[] bytes) {}

  private static List<Seen> record(Pair pair) {
    List<Seen> seen = new ArrayList<>();
    pair.network.intercept(
        (from, to, number, datagram) -> {
          byte[] bytes = new byte[datagram.remaining()];
          datagram.get(datagram.position(), bytes);
          seen.add(new Seen(from, to, bytes));
          return Interception.DELIVER;
        });
    return seen;
  }

  private static long drops(Party party, DropReason reason) {
    return party.endpoint().counters().drops(reason);
  }

  /**
   * FAULTS 39: ids are 64 random bits; a guess hits nothing, and a hit without the key does
   * nothing.
   */
  @Example
  void fault39_guessedConnectionIdsHitNothing() {
    Pair pair = new Pair(39, Pair.options()).link(LinkConditions.parse("delay 5ms"));
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    pair.network.run(Duration.ofSeconds(1));
    ConnectionInfo row = pair.b.endpoint().connections(pair.network.nowNanos()).get(0);
    long before = row.packetsReceived();
    SplittableRandom random = new SplittableRandom(1);
    byte[] packet = new byte[64];
    for (int i = 0; i < GUESSES; i++) {
      packet[0] = (byte) (8 | (i & 7));
      BigEndian.putLong(packet, 1, i % 100 == 0 ? row.connectionId() : random.nextLong());
      BigEndian.putLong(packet, 9, random.nextLong());
      pair.b.onDatagram(
          ByteBuffer.wrap(packet), i % 2 == 0 ? Pair.A : STRANGER, pair.network.nowNanos());
    }
    int right = GUESSES / 100;
    assertEquals(GUESSES - right, drops(pair.b, DropReason.UNKNOWN_CONNECTION));
    assertEquals(
        right, // some have a number that is too old to be looked at further
        drops(pair.b, DropReason.AUTHENTICATION_FAILED)
            + drops(pair.b, DropReason.STALE)
            + drops(pair.b, DropReason.DUPLICATE));
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100);
    pair.network.run(Duration.ofSeconds(1));
    row = pair.b.endpoint().connections(pair.network.nowNanos()).get(0);
    assertTrue(pair.isSettled() && row.packetsReceived() > before, "and the connection lives");
    assertEquals(List.of(), pair.history.told(1, EndpointEvent.PathChanged.class));

    Set<Long> ids = new HashSet<>();
    int[] ones = new int[64];
    for (int seed = 0; seed < 1_000; seed++) {
      Pair other = new Pair(seed, Pair.clear());
      other.a.send(other.b, 0, Delivery.RELIABLE_ORDERED, 1);
      other.network.run(Duration.ofMillis(100));
      long id = other.b.endpoint().connections(other.network.nowNanos()).get(0).connectionId();
      ids.add(id);
      for (int bit = 0; bit < 64; bit++) {
        ones[bit] += (int) (id >>> bit & 1);
      }
    }
    assertEquals(1_000, ids.size());
    for (int count : ones) {
      assertTrue(count > 400 && count < 600, "a bit that is no coin: " + count); // 6 sigma
    }
  }

  /**
   * FAULTS 44 and 45: what was recorded is sent again to the same process, all of it or a part in
   * any order, in its peer's name and by a stranger, while the connection lives and after it:
   * nothing comes of it, and at no instant are more than three bytes sent for one that came.
   */
  @Property(tries = 30, edgeCases = EdgeCasesMode.NONE)
  void fault44_fault45_aRecordedConversationReplayedIsNoConversation(
      @ForAll long seed,
      @ForAll boolean inTheirName,
      @ForAll boolean afterTheEnd,
      @ForAll boolean whole) {
    Pair pair =
        new Pair(seed, Pair.options()).link(LinkConditions.parse("delay 5ms loss 5% duplicate 2%"));
    List<Seen> recorded = record(pair);
    for (int i = 0; i < 5; i++) {
      pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 2_000);
      pair.b.send(pair.a, 1, Delivery.RELIABLE_UNORDERED, 2_000);
      pair.a.send(pair.b, 2, Delivery.UNRELIABLE, 100); // once by the number of its packet alone
    }
    pair.network.run(Duration.ofSeconds(5));
    assertTrue(pair.isSettled());
    if (afterTheEnd) {
      pair.a.closeConnections(Duration.ofSeconds(1));
      pair.network.run(Duration.ofSeconds(20));
    }
    long received = reliable(pair);
    int opened = pair.history.told(1, EndpointEvent.Connected.class).size();
    if (!afterTheEnd) { // and what comes for the first time, and moves the path, by the recording
      pair.link(LinkConditions.parse("delay 5ms loss 100%"));
      pair.a.send(pair.b, 2, Delivery.UNRELIABLE, 100);
      pair.network.run(Duration.ofMillis(10));
      pair.link(LinkConditions.parse("delay 5ms"));
    }
    List<byte[]> replayed = new ArrayList<>();
    for (Seen seen : recorded) {
      if (seen.to().equals(Pair.B)) {
        replayed.add(seen.bytes());
      }
    }
    if (!whole) {
      Random random = new Random(seed);
      Collections.shuffle(replayed, random);
      replayed = replayed.subList(0, random.nextInt(replayed.size()) + 1);
    }
    InetSocketAddress name = inTheirName ? Pair.A : STRANGER;
    Account account = new Account(pair, name);
    for (int i = 0; i < 20 && !inTheirName && !afterTheEnd; i++) {
      pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 3_000);
    }
    for (byte[] bytes : replayed) {
      account.given += bytes.length;
      pair.b.onDatagram(ByteBuffer.wrap(bytes), name, pair.network.nowNanos());
      pair.network.wake(Pair.B);
      pair.network.run(Duration.ofMillis(1));
    }
    pair.network.run(Duration.ofMillis(500));
    assertEquals(received, reliable(pair), "a message came again");
    assertEquals(opened, pair.history.told(1, EndpointEvent.Connected.class).size());
    assertEquals(List.of(), pair.history.told(1, EndpointEvent.PathChanged.class));
    if (!afterTheEnd) {
      pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 2_000);
      pair.network.run(Duration.ofSeconds(5));
      assertEquals(received + 1, reliable(pair), "and the connection lives");
    }
    Checkers.checkSoFar(pair.history);
  }

  /** What b gets from an address, and sends there: never more than three bytes for one. */
  private static final class Account {
    long given;
    private long sent;

    Account(Pair pair, InetSocketAddress with) {
      pair.network.intercept(
          (from, to, number, datagram) -> {
            if (from.equals(with) && to.equals(Pair.B)) {
              given += datagram.remaining();
            } else if (to.equals(with) && from.equals(Pair.B)) {
              sent += datagram.remaining();
              assertTrue(sent <= 3 * given, sent + " bytes for " + given);
            }
            return Interception.DELIVER;
          });
    }
  }

  /** An unreliable message whose packet was lost comes by the recording, but no message twice. */
  private static long reliable(Pair pair) {
    return pair.history.received().stream()
        .filter(received -> received.message().body().length == 2_000)
        .count();
  }

  /**
   * Somebody on the path from a to b who copies packets and has each copy arrive first, from an
   * address of its own. It answers nothing, and gets at most three bytes for each that it sent.
   */
  private static final class Copier {
    private final Pair pair;
    int copies;
    long bytesFromIt;
    long bytesToIt;
    int datagramsToIt;

    /** Copies at most so many, at the times that are told. */
    Copier(Pair pair, int most, LongPredicate isAtWork) {
      this.pair = pair;
      pair.network.intercept(
          (from, to, number, datagram) -> {
            long now = pair.network.nowNanos();
            if (to.equals(Pair.B) && copies < most && isAtWork.test(now)) {
              copies++;
              byte[] copy = new byte[datagram.remaining()];
              datagram.get(datagram.position(), copy);
              pair.network.at(now + 1_000_000, () -> arrive(copy));
            } else if (to.equals(STRANGER)) {
              datagramsToIt++;
              bytesToIt += datagram.remaining();
              assertTrue(bytesToIt <= 3 * bytesFromIt, bytesToIt + " bytes for " + bytesFromIt);
            }
            return Interception.DELIVER;
          });
    }

    private void arrive(byte[] copy) {
      bytesFromIt += copy.length;
      pair.b.onDatagram(ByteBuffer.wrap(copy), STRANGER, pair.network.nowNanos());
      pair.network.wake(Pair.B);
    }
  }

  /**
   * FAULTS 46: for a second somebody on the path copies each packet and has the copy arrive first,
   * while there is much to send the other way: he does not get it. His address is never taken for
   * proved; the path comes back, and all arrives, once.
   */
  @Property(tries = 15, edgeCases = EdgeCasesMode.NONE)
  void fault46_aCopierThatIsFasterDoesNotKeepThePath(@ForAll long seed) {
    Pair pair = new Pair(seed, Pair.options()).link(LinkConditions.parse("delay 20ms"));
    long until = Duration.ofSeconds(2).toNanos();
    Copier copier = new Copier(pair, Integer.MAX_VALUE, now -> now > until / 2 && now < until);
    for (int i = 0; i < 100; i++) {
      pair.network.at(
          i * 40_000_000L, () -> pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 300));
      pair.network.at(
          i * 40_000_000L, () -> pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 3_000));
    }
    pair.network.run(Duration.ofSeconds(15));
    assertTrue(copier.copies > 0 && copier.datagramsToIt > 0, "the path did move");
    assertTrue(pair.isSettled(), () -> "stuck: " + pair.a + "\n" + pair.b);
    assertEquals(200, pair.history.received().size());
    assertEquals(List.of(), pair.history.told(1, EndpointEvent.PathChanged.class));
    List<ConnectionInfo> rows = pair.b.endpoint().connections(pair.network.nowNanos());
    assertEquals(1, rows.size());
    assertEquals(Pair.A, rows.get(0).remote());
    Checkers.checkSoFar(pair.history);
  }

  /**
   * FAULTS 46: he copies one acknowledgement, and its sender has nothing more to say. It is asked
   * at the old address, and its answer brings the path back before the next message leaves.
   */
  @Property(tries = 10, edgeCases = EdgeCasesMode.NONE)
  void fault46_theOldAddressIsAskedToo(@ForAll long seed) {
    Pair pair = new Pair(seed, Pair.options()).link(LinkConditions.parse("delay 20ms"));
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 300);
    pair.network.run(Duration.ofSeconds(2));
    Copier copier = new Copier(pair, 1, now -> true);
    pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 300);
    pair.network.run(Duration.ofMillis(200));
    assertEquals(1, copier.copies);
    assertEquals(1, copier.datagramsToIt, "the path did move, and came back at the first answer");
    int received = pair.history.received().size();
    pair.b.send(pair.a, 0, Delivery.RELIABLE_ORDERED, 300);
    pair.network.run(Duration.ofMillis(50));
    assertEquals(received + 1, pair.history.received().size(), "it came by the first way");
    assertEquals(1, copier.datagramsToIt);
    assertEquals(List.of(), pair.history.told(1, EndpointEvent.PathChanged.class));
  }

  /** FAULTS 37: refusals, hints, resets and closes that nobody sealed end nothing. */
  @Property(tries = 30, edgeCases = EdgeCasesMode.NONE)
  void fault37_spoofedEndsEndNothing(@ForAll long seed) {
    Pair pair = new Pair(seed, Pair.options()).link(LinkConditions.parse("delay 5ms"));
    List<Seen> recorded = record(pair);
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 3_000);
    pair.network.run(Duration.ofSeconds(1));
    SplittableRandom random = new SplittableRandom(seed);
    List<byte[]> ends = new ArrayList<>();
    for (Party party : List.of(pair.a, pair.b)) {
      long id = party.endpoint().connections(pair.network.nowNanos()).get(0).connectionId();
      byte[] refused = new byte[64];
      int length = ControlPacket.writeRefused(refused, 0, id, CloseReason.REFUSED);
      ends.add(Arrays.copyOf(refused, length));
      ends.add(Arrays.copyOf(refused, length));
      length = ControlPacket.writeVersions(refused, 0, id);
      ends.add(Arrays.copyOf(refused, length));
      byte[] hint = new byte[34];
      hint[0] = 7;
      hint[1] = 4;
      BigEndian.putLong(hint, 2, id);
      System.arraycopy(recorded.get(recorded.size() - 1).bytes(), 0, hint, 10, 24);
      ends.add(hint);
      for (int i = 0; i < 20; i++) { // resets with a guessed token, closes with a guessed tag
        byte[] reset = new byte[29 + random.nextInt(20)];
        random.nextBytes(reset);
        reset[0] = (byte) (8 | (reset[0] & 7));
        BigEndian.putLong(reset, 1, id);
        ends.add(reset);
      }
    }
    for (byte[] end : ends) {
      pair.a.onDatagram(ByteBuffer.wrap(end), Pair.B, pair.network.nowNanos());
      pair.b.onDatagram(ByteBuffer.wrap(end), Pair.A, pair.network.nowNanos());
    }
    pair.network.run(Duration.ofSeconds(1));
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 300);
    pair.network.run(Duration.ofSeconds(5));
    assertTrue(pair.isSettled());
    for (int end = 0; end < 2; end++) {
      assertEquals(List.of(), pair.history.told(end, EndpointEvent.Closed.class));
      assertEquals(1, pair.history.told(end, EndpointEvent.Connected.class).size());
    }
  }

  /**
   * FAULTS 38: a packet is sent in one listener's name to another, to an id that this one issued or
   * may have issued. It is answered, by a reset or a hint, and the answer by nobody, unless the 64
   * random bits of a reset pass for an id of the other end, as they do once in 65,536 times; then
   * by less than it has itself.
   */
  @Property(tries = 50, edgeCases = EdgeCasesMode.NONE)
  void fault38_twoListenersDoNotAnswerOneAnother(
      @ForAll long seed, @ForAll boolean clear, @ForAll boolean lasting) {
    Pair pair =
        new Pair(seed, clear ? Pair.clear() : Pair.options())
            .link(LinkConditions.parse("delay 5ms"));
    SplittableRandom random = new SplittableRandom(seed);
    byte[] packet = new byte[30 + random.nextInt(1_100)];
    random.nextBytes(packet);
    packet[0] = (byte) (8 | (packet[0] & 7));
    if (lasting) {
      pair.a.keepIdentity();
      pair.b.keepIdentity();
      StaticKey identity = pair.b.lastingIdentity();
      long id = new ConnectionIdIssuer(identity, Pair.B, random, taken -> false).next();
      BigEndian.putLong(packet, 1, id);
    }
    pair.b.onDatagram(ByteBuffer.wrap(packet), Pair.A, 0);
    pair.network.wake(Pair.B);
    pair.network.run(Duration.ofMillis(7));
    long answerBytes = pair.network.counters().deliveredBytes();
    assertTrue(answerBytes > 0 && answerBytes < packet.length, packet.length + ": " + answerBytes);
    pair.network.run(Duration.ofSeconds(60));
    LinkCounters counters = pair.network.counters();
    long moreBytes = counters.deliveredBytes() - answerBytes;
    boolean isSilent = counters.offered() == 1;
    boolean isChance = lasting && counters.offered() == 2 && moreBytes < answerBytes;
    assertTrue(isSilent || isChance, counters.toString());
  }

  /** A first message of somebody who is not there, at most as costly to make as to receive. */
  private static byte[] spoofedFirst(SplittableRandom random) {
    byte[] body = new byte[32];
    random.nextBytes(body);
    byte[] out = new byte[WireLimits.MINIMUM_DATAGRAM_BYTES];
    FirstMessagePacket.write(
        out, 0, WireLimits.SUITE_NOISE_XX, random.nextLong(), new byte[0], 0, body, body.length);
    return out;
  }

  /**
   * FAULTS 41: 100,000 first messages a second from as many addresses, for three seconds. A
   * transfer that goes on does not notice, a new honest client gets in within 2 s, and what is kept
   * is capped: handshakes that are answered, at 256 a second.
   */
  @Example
  void fault41_aFloodOfFirstMessagesShutsNobodyOut() {
    int perMilli = 100;
    int floodMillis = 3_000;
    long quiet = transferNanos(0, 0);
    long flooded = transferNanos(perMilli, floodMillis);
    assertTrue(quiet >= 0.8 * flooded, quiet / 1e6 + " ms without, " + flooded / 1e6 + " ms with");
  }

  private static long transferNanos(int floodPerMilli, int floodMillis) {
    Pair pair = new Pair(41, Pair.options()).link(LinkConditions.parse("delay 5ms rate 20mbit"));
    Party late = new Party(pair.network, pair.history, 2, Pair.address(9, 9), Pair.options(), 99);
    late.meet(pair.b);
    pair.b.meet(late);
    SplittableRandom random = new SplittableRandom(41);
    for (int milli = 0; milli < floodMillis; milli++) {
      pair.network.at(
          milli * 1_000_000L,
          () -> {
            for (int i = 0; i < floodPerMilli; i++) {
              InetSocketAddress from =
                  Pair.address(random.nextInt(1 << 16), 1_024 + random.nextInt(60_000));
              pair.b.onDatagram(
                  ByteBuffer.wrap(spoofedFirst(random)), from, pair.network.nowNanos());
            }
            pair.network.wake(Pair.B);
          });
    }
    for (int i = 0; i < 50; i++) {
      pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 60_000);
    }
    long[] lateTookNanos = {-1};
    pair.network.at(
        Duration.ofMillis(1_000), () -> late.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100));
    assertTrue(pair.network.runUntil(pair::isSettled, Duration.ofSeconds(20)), "stuck");
    long doneNanos = pair.network.nowNanos();
    for (var received : pair.history.received()) {
      if (received.message().body().length == 100) {
        lateTookNanos[0] = received.atNanos() - 1_000_000_000L;
      } else {
        doneNanos = received.atNanos();
      }
    }
    assertTrue(lateTookNanos[0] >= 0 && lateTookNanos[0] < 2_000_000_000L, "shut out");
    if (floodPerMilli > 0) {
      // M2 has more than 200 bytes, a retry less than 40.
      long answered = 256L + 256L * (floodMillis / 1000 + 1);
      long sent = pair.b.endpoint().counters().bytesSent;
      assertTrue(
          sent < answered * 600 + 40L * floodPerMilli * floodMillis + 1_000_000, sent + " bytes");
    }
    return doneNanos;
  }
}
