package io.posthorn.protocol.path;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.recovery.DeliveryRate;
import io.posthorn.protocol.recovery.SentPackets;
import io.posthorn.wire.FrameType;
import io.posthorn.wire.FrameWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;

/** Validation of addresses (RFC 9000 §8, §9). */
class PathProperties {
  private static final long MS = 1_000_000;
  private static final InetSocketAddress HOME = address(1);
  private static final InetSocketAddress NEW = address(2);
  private static final InetSocketAddress THIRD = address(3);

  private final Path path = new Path(HOME, new SplittableRandom(1), new PeerConnectionIds());
  private final SentPackets sent = new SentPackets();
  private final PacketBuilder builder = new PacketBuilder(new FrameWriter(), sent);
  private final DeliveryRate rate = new DeliveryRate();
  private final byte[] out = new byte[100];

  private static InetSocketAddress address(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  /** The frame that goes to the path's address now, or elsewhere; null if none. */
  private ByteBuffer frame(boolean offPath) {
    return Objects.requireNonNull(write(offPath), "a frame");
  }

  private @Nullable ByteBuffer write(boolean offPath) {
    builder.frames().reset(out, 0, out.length);
    if (offPath) {
      path.writeOffPath(builder);
    } else {
      path.writeFrames(builder, 0);
    }
    sent.commit(0, 1, true, false, rate);
    int length = builder.frames().written();
    return length == 0 ? null : ByteBuffer.wrap(out, 0, length);
  }

  private long challenge(boolean offPath) {
    ByteBuffer frame = frame(offPath);
    assertEquals(FrameType.PATH_CHALLENGE, frame.get());
    return frame.getLong();
  }

  private void move(InetSocketAddress to, int bytes, long nowMillis) {
    path.onNewAddress(to, bytes, 100 * MS, nowMillis * MS);
  }

  @Example
  void aProvedAddressHasNoLimit() {
    assertTrue(path.isValidated());
    assertEquals(1200, path.roomBytes(1200));
    path.onSent(1_000_000);
    assertEquals(1200, path.roomBytes(1200));
    assertFalse(path.hasFrames(0));
    assertNull(path.offPath());
    assertEquals(Long.MAX_VALUE, path.deadlineNanos());
  }

  @Example
  void aNewAddressIsChallengedAndSoIsTheOld() {
    move(NEW, 50, 0);
    assertEquals(NEW, path.address());
    assertFalse(path.isValidated());
    assertTrue(path.roomBytes(1200) <= 150);
    assertTrue(path.roomBytes(1200) > 0, "the proof itself may leave");
    assertTrue(path.hasFrames(0));
    long challenge = challenge(false);
    assertEquals(HOME, path.offPath());
    long old = challenge(true);
    assertNotEquals(challenge, old);
    assertNull(path.offPath());
    assertFalse(path.hasFrames(0));
    path.onResponse(challenge, NEW);
    assertTrue(path.isValidated());
    assertEquals(HOME, path.pollChangedFrom());
    assertNull(path.pollChangedFrom());
    assertEquals(Long.MAX_VALUE, path.deadlineNanos());
  }

  /** A /24 of IPv4, a /64 of IPv6; from one family to the other it never is the same network. */
  @Example
  void neighboursAreOfTheSameNetwork() throws UnknownHostException {
    assertTrue(isSameNetwork("192.0.2.0", "192.0.2.255"));
    assertFalse(isSameNetwork("192.0.2.1", "192.0.3.1"));
    assertTrue(isSameNetwork("2001:db8:0:7::", "2001:db8:0:7:ffff:ffff:ffff:ffff"));
    assertFalse(isSameNetwork("2001:db8:0:7::1", "2001:db8:0:6::1"));
    assertFalse(isSameNetwork("32.1.13.184", "2001:db8::"));
    assertFalse(isSameNetwork("2001:db8::", "32.1.13.184"));
  }

  private static boolean isSameNetwork(String one, String other) throws UnknownHostException {
    return Path.isSameNetwork(InetAddress.getByName(one), InetAddress.getByName(other));
  }

  @Example
  void onlyTheRightAnswerFromTheNewAddressCounts() {
    move(NEW, 50, 0);
    long challenge = challenge(false);
    long old = challenge(true);
    path.onResponse(challenge + 1, NEW);
    path.onResponse(challenge, HOME);
    path.onResponse(challenge, THIRD);
    path.onResponse(old, NEW);
    path.onResponse(0, NEW);
    assertFalse(path.isValidated());
    assertNull(path.pollChangedFrom());
  }

  @Example
  void aPacketFromTheOldAddressGoesBackThere() {
    move(NEW, 50, 0);
    move(HOME, 50, 10);
    assertEquals(HOME, path.address());
    assertTrue(path.isValidated());
    assertFalse(path.hasFrames(0));
    assertNull(path.pollChangedFrom());
    assertEquals(Long.MAX_VALUE, path.deadlineNanos());
  }

  @Example
  void withoutAnAnswerThePathGoesBackAfterAFewTries() {
    move(NEW, 1000, 0);
    long first = challenge(false);
    challenge(true);
    int tries = 1;
    long now = 0;
    while (!path.isValidated()) {
      long next = path.deadlineNanos();
      assertTrue(next > now && next < 10_000 * MS);
      path.onTimeout(next - 1);
      assertFalse(path.hasFrames(0), "not before its time");
      path.onTimeout(next);
      now = next;
      if (!path.isValidated()) {
        assertEquals(first, challenge(false), "the same challenge again");
        challenge(true);
        tries++;
      }
    }
    assertEquals(HOME, path.address());
    assertEquals(4, tries);
    assertNull(path.pollChangedFrom(), "it never was elsewhere");
  }

  @Example
  void threeTimesTheShortestPacketIsRoomForAChallenge() {
    move(NEW, 20, 0);
    assertEquals(60, path.roomBytes(1200));
    challenge(false);
    path.onSent(38);
    path.onTimeout(100 * MS);
    assertEquals(0, path.roomBytes(1200), "22 bytes are too few for another");
    path.onReceived(NEW, 20, 110 * MS);
    assertEquals(64, path.roomBytes(1200));
    challenge(false);
    assertEquals(0, path.roomBytes(1200), "for anything else");
  }

  @Example
  void aSecondMoveBeforeTheFirstIsProvedStillKnowsTheProvedAddress() {
    move(NEW, 50, 0);
    long toNew = challenge(false);
    move(THIRD, 70, 10);
    assertTrue(path.roomBytes(1200) <= 210);
    long toThird = challenge(false);
    assertNotEquals(toNew, toThird);
    path.onResponse(toNew, NEW);
    assertFalse(path.isValidated());
    path.onResponse(toThird, THIRD);
    assertEquals(THIRD, path.address());
    assertEquals(HOME, path.pollChangedFrom());
  }

  @Example
  void theAnswerGoesWhereTheChallengeCameFrom() {
    path.onChallenge(77, HOME);
    assertTrue(path.hasFrames(0));
    ByteBuffer here = frame(false);
    assertEquals(FrameType.PATH_RESPONSE, here.get());
    assertEquals(77, here.getLong());
    path.onChallenge(88, THIRD);
    assertFalse(path.hasFrames(0));
    assertEquals(THIRD, path.offPath());
    ByteBuffer there = frame(true);
    assertEquals(FrameType.PATH_RESPONSE, there.get());
    assertEquals(88, there.getLong());
    assertNull(path.offPath());
  }

  @Example
  void ofManyChallengesTheNewestIsAnswered() {
    for (int i = 0; i < 10_000; i++) {
      path.onChallenge(i, i % 2 == 0 ? NEW : HOME);
    }
    assertNull(path.offPath());
    ByteBuffer frame = frame(false);
    frame.get();
    assertEquals(9_999, frame.getLong());
    assertFalse(path.hasFrames(0));
    assertNull(write(false));
  }

  /** It is heard, so the challenge or the answer was lost, and it may have nothing more to say. */
  @Example
  void anUnprovedAddressThatIsHeardIsChallengedAgain() {
    move(NEW, 50, 0);
    long challenge = challenge(false);
    path.onReceived(NEW, 50, 99 * MS);
    assertFalse(path.hasFrames(99 * MS), "the answer may be on its way");
    path.onReceived(HOME, 50, 150 * MS);
    assertFalse(path.hasFrames(150 * MS), "it came from elsewhere");
    path.onReceived(NEW, 50, 150 * MS);
    assertTrue(path.hasFrames(150 * MS));
    assertEquals(challenge, challenge(false));
  }

  /** At every instant, at most three bytes for each that came from an address not yet proved. */
  @Property
  void atMostThreeBytesGoToAnUnprovedAddressForEachThatCame(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Path any = new Path(HOME, random, new PeerConnectionIds());
    Map<InetSocketAddress, long[]> flows = new HashMap<>();
    long now = 0;
    InetSocketAddress[] from = {HOME, NEW, THIRD, address(4)};
    for (int i = 0; i < 300; i++) {
      now += random.nextLong(50 * MS);
      int dice = random.nextInt(10);
      if (dice < 4) {
        InetSocketAddress source = from[random.nextInt(from.length)];
        int bytes = 20 + random.nextInt(random.nextBoolean() ? 20 : 1180);
        flows.computeIfAbsent(source, is -> new long[2])[0] += bytes;
        any.onReceived(source, bytes, now);
        if (!source.equals(any.address()) && random.nextBoolean()) {
          any.onNewAddress(source, bytes, 100 * MS, now);
        }
      } else if (dice < 5) {
        any.onTimeout(now);
      } else {
        int bytes = any.roomBytes(29 + random.nextInt(1171));
        long[] flow = flows.computeIfAbsent(any.address(), is -> new long[2]);
        flow[1] += bytes;
        any.onSent(bytes);
        assertTrue(
            any.address().equals(HOME) || flow[1] <= 3 * flow[0],
            flow[1] + " went to " + any.address() + ", " + flow[0] + " came");
      }
      assertTrue(any.roomBytes(1200) >= 0);
    }
  }
}
