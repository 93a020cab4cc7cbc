package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.EndpointResources;
import io.posthorn.protocol.LoneResources;
import io.posthorn.protocol.handshake.ClearHandshake;
import io.posthorn.protocol.handshake.RetryCookies;
import io.posthorn.protocol.handshake.StaticKey;
import io.posthorn.wire.BigEndian;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.ControlPacket;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.SecondMessagePacket;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What strangers get, and how little. */
class AdmissionTest {
  private static final long S = 1_000_000_000L;
  private static final SocketOptions OPTIONS = HandPeer.options(Security.none(), 100_000, 1 << 28);

  private final SplittableRandom random = new SplittableRandom(1);
  private final Outbox outbox = new Outbox();
  private final TransmitBatch batch = new TransmitBatch();
  private final EndpointResources shared = LoneResources.of(OPTIONS, random, 1);
  private final Admission admission =
      new Admission(
          shared,
          new HandshakeSuite(shared, StaticKey.generate(random)),
          Admission.COOKIE_THRESHOLD,
          outbox);

  private byte[] first(long id, byte[] cookie) {
    return first(id, id, cookie);
  }

  private byte[] first(long id, long ephemeral, byte[] cookie) {
    byte[] body = new byte[100];
    int length = ClearHandshake.initiator(id, new SplittableRandom(ephemeral)).writeFirst(body, 0);
    byte[] out = new byte[WireLimits.MINIMUM_DATAGRAM_BYTES];
    FirstMessagePacket.write(
        out, 0, WireLimits.SUITE_CLEAR, id, cookie, cookie.length, body, length);
    return out;
  }

  private DropReason give(byte[] datagram, InetSocketAddress from, long now) {
    DropReason reason = admission.check(datagram, 0, datagram.length, from);
    return reason != DropReason.NONE ? reason : admission.onFirst(datagram, from, now);
  }

  private DropReason give(int host, long now) {
    return give(first(host, new byte[0]), HandPeer.address(host), now);
  }

  private byte @Nullable [] answer() {
    batch.clear();
    if (!outbox.poll(batch)) {
      return null;
    }
    assertTrue(batch.lengthBytes() <= 3 * WireLimits.MINIMUM_DATAGRAM_BYTES, "at most three times");
    return Arrays.copyOf(batch.bytes(), batch.lengthBytes());
  }

  private byte[] cookie() {
    byte[] answer = answer();
    assertNotNull(answer);
    ControlPacket control = new ControlPacket();
    assertEquals(DropReason.NONE, control.check(answer, 0, answer.length));
    assertEquals(ControlPacket.RETRY, control.kind());
    return Arrays.copyOfRange(
        answer, control.cookieFrom(), control.cookieFrom() + control.cookieLength());
  }

  private void fill(int count, long now) {
    for (int i = 0; i < count; i++) {
      DropReason reason = give(1000 + i, now);
      assertEquals(DropReason.NONE, reason);
      byte[] answer = answer();
      assertNotNull(answer);
      if (PacketHeader.kind(answer[0]) == PacketHeader.CONTROL) {
        ControlPacket control = new ControlPacket();
        control.check(answer, 0, answer.length);
        int from = control.cookieFrom();
        byte[] cookie = Arrays.copyOfRange(answer, from, from + control.cookieLength());
        assertEquals(
            DropReason.NONE, give(first(1000 + i, cookie), HandPeer.address(1000 + i), now));
        assertNotNull(answer());
      }
    }
    assertEquals(count, admission.halfOpenCount());
  }

  @Test
  void anHonestFirstMessageIsAnsweredAndRemembered() {
    assertEquals(DropReason.NONE, give(1, 5));
    byte[] answer = answer();
    assertNotNull(answer);
    SecondMessagePacket second = new SecondMessagePacket();
    assertEquals(DropReason.NONE, second.check(answer, 0, answer.length));
    assertEquals(1, second.destinationConnectionId());
    HalfOpen halfOpen = admission.find(second.responderConnectionId());
    assertNotNull(halfOpen);
    assertEquals(HandPeer.address(1), halfOpen.key.address());
    assertEquals(5 + Admission.HALF_OPEN_NANOS, admission.deadlineNanos());
    admission.remove(halfOpen, 5);
    assertNull(admission.find(second.responderConnectionId()));
    assertEquals(0, admission.halfOpenCount());
    assertEquals(Endpoint.NEVER, admission.deadlineNanos());
  }

  @Test
  void aRepeatedFirstMessageGetsTheIdenticalAnswer() {
    give(1, 0);
    byte[] one = answer();
    give(1, 7);
    byte[] two = answer();
    assertNotNull(one);
    assertNotNull(two);
    assertArrayEquals(one, two);
    assertEquals(1, admission.halfOpenCount());
  }

  @Test
  void anotherAttemptUnderTheSameIdIsNotTakenForIt() {
    give(1, 0);
    byte[] other = first(1, new byte[0]);
    other[20] ^= 1;
    answer();
    assertEquals(DropReason.MALFORMED_HANDSHAKE, give(other, HandPeer.address(1), 0));
    assertNull(answer());
    assertEquals(1, admission.halfOpenCount());
    assertEquals(DropReason.NONE, give(first(1, new byte[0]), HandPeer.address(1), 0));
    assertNotNull(answer(), "the true one is answered still");
  }

  @Test
  void oneAddressMayOpenSeveral() {
    assertEquals(DropReason.NONE, give(first(1, new byte[0]), HandPeer.address(1), 0));
    assertEquals(DropReason.NONE, give(first(2, new byte[0]), HandPeer.address(1), 0));
    assertEquals(2, admission.halfOpenCount());
  }

  @Test
  void handshakesThatStallAreForgotten() {
    fill(10, 0);
    give(1, 5 * S);
    admission.onTimeout(Admission.HALF_OPEN_NANOS - 1);
    assertEquals(11, admission.halfOpenCount());
    admission.onTimeout(Admission.HALF_OPEN_NANOS);
    assertEquals(1, admission.halfOpenCount());
    assertEquals(5 * S + Admission.HALF_OPEN_NANOS, admission.deadlineNanos());
    admission.clear();
    assertEquals(0, admission.halfOpenCount());
  }

  @Test
  void beyondTheThresholdACookieIsAskedForWithoutState() {
    fill(Admission.COOKIE_THRESHOLD, 0);
    assertEquals(DropReason.NONE, give(1, 0));
    byte[] cookie = cookie();
    assertEquals(Admission.COOKIE_THRESHOLD, admission.halfOpenCount());
    assertEquals(DropReason.NONE, give(first(1, cookie), HandPeer.address(1), S));
    assertEquals(Admission.COOKIE_THRESHOLD + 1, admission.halfOpenCount());
  }

  @Test
  void fault42_aCookieIsBoundToAddressConnectionAndTime() {
    fill(Admission.COOKIE_THRESHOLD, 0);
    give(1, 0);
    byte[] cookie = cookie();
    DropReason invalid = DropReason.COOKIE_INVALID;
    assertEquals(invalid, give(first(1, cookie), HandPeer.address(2), 0));
    InetSocketAddress otherPort = new InetSocketAddress(HandPeer.address(1).getAddress(), 4001);
    assertEquals(invalid, give(first(1, cookie), otherPort, 0));
    assertEquals(invalid, give(first(2, cookie), HandPeer.address(1), 0));
    assertEquals(invalid, give(first(1, cookie), HandPeer.address(1), 60 * S));
    byte[] forged = cookie.clone();
    forged[forged.length - 1] ^= 1;
    assertEquals(invalid, give(first(1, forged), HandPeer.address(1), 0));
    assertEquals(invalid, give(first(1, new byte[1]), HandPeer.address(1), 0));
    assertNull(answer(), "no answer to any of them");
    assertEquals(Admission.COOKIE_THRESHOLD, admission.halfOpenCount());
  }

  /**
   * FAULTS 42: reused for the same M1 it gets the same M2, for another it begins nothing, and for
   * the same M1 again when that handshake is complete it begins nothing either.
   */
  @Test
  void fault42_aCookieThatIsReusedBeginsNoOtherHandshake() {
    fill(Admission.COOKIE_THRESHOLD, 0);
    give(1, 0);
    byte[] cookie = cookie();
    assertEquals(DropReason.NONE, give(first(1, cookie), HandPeer.address(1), 0));
    byte[] second = answer();
    assertNotNull(second);
    for (int other = 2; other < 50; other++) {
      assertEquals(
          DropReason.COOKIE_INVALID, give(first(1, other, cookie), HandPeer.address(1), 0));
      assertNull(answer());
    }
    assertEquals(DropReason.NONE, give(first(1, cookie), HandPeer.address(1), S));
    byte[] again = answer();
    assertNotNull(again);
    assertArrayEquals(second, again);
    assertEquals(Admission.COOKIE_THRESHOLD + 1, admission.halfOpenCount());

    complete(second, S);
    for (long now = S; now < RetryCookies.LIFETIME_NANOS + S; now += S / 2) {
      assertEquals(DropReason.COOKIE_INVALID, give(first(1, cookie), HandPeer.address(1), now));
      assertNull(answer());
    }
    assertEquals(Admission.COOKIE_THRESHOLD, admission.halfOpenCount());
  }

  /** FAULTS 42: nothing is held for a spent cookie that is stale. */
  @Test
  void fault42_spentCookiesAreForgottenWhenTheyAreStale() {
    fill(Admission.COOKIE_THRESHOLD, 0);
    long before = ReachableHeap.from(admission).bytes();
    for (int i = 1; i <= 200; i++) {
      give(i, 0);
      byte[] cookie = cookie();
      give(first(i, cookie), HandPeer.address(i), 0);
      byte[] second = answer();
      assertNotNull(second);
      complete(second, 0);
    }
    give(300, RetryCookies.LIFETIME_NANOS);
    byte[] later = cookie();
    give(first(300, later), HandPeer.address(300), RetryCookies.LIFETIME_NANOS);
    byte[] second = answer();
    assertNotNull(second);
    complete(second, RetryCookies.LIFETIME_NANOS);
    assertTrue(ReachableHeap.from(admission).bytes() - before < 1_000, "one is held");
  }

  /** M3 came that answers this M2. */
  private void complete(byte[] second, long now) {
    SecondMessagePacket read = new SecondMessagePacket();
    assertEquals(DropReason.NONE, read.check(second, 0, second.length));
    HalfOpen halfOpen = admission.find(read.responderConnectionId());
    assertNotNull(halfOpen);
    admission.remove(halfOpen, now);
  }

  @Test
  void noMoreThanTheLimitIsHeld() {
    fill(Admission.HALF_OPEN_LIMIT, 0);
    give(1, 0);
    byte[] cookie = cookie();
    assertEquals(DropReason.HALF_OPEN_LIMIT, give(first(1, cookie), HandPeer.address(1), 0));
    assertNull(answer());
    assertEquals(Admission.HALF_OPEN_LIMIT, admission.halfOpenCount());
    admission.onTimeout(Admission.HALF_OPEN_NANOS);
    assertEquals(0, admission.halfOpenCount());
    assertEquals(DropReason.NONE, give(1, Admission.HALF_OPEN_NANOS));
    assertEquals(1, admission.halfOpenCount());
  }

  @Test
  void anotherVersionIsToldWhichIsSpoken() {
    byte[] other = first(9, new byte[0]);
    BigEndian.putInt(other, 1, 99);
    assertEquals(DropReason.UNSUPPORTED_VERSION, give(other, HandPeer.address(1), 0));
    byte[] answer = answer();
    assertNotNull(answer);
    ControlPacket control = new ControlPacket();
    assertEquals(DropReason.NONE, control.check(answer, 0, answer.length));
    assertEquals(ControlPacket.VERSIONS, control.kind());
    assertEquals(WireLimits.VERSION, control.version(0));
    assertEquals(9, control.connectionId());
    byte[] small = Arrays.copyOf(other, 1199);
    give(small, HandPeer.address(1), 0);
    assertNull(answer(), "but not when it would amplify");
  }

  @Test
  void anotherSuiteIsRefusedWithTheReason() {
    byte[] other = first(9, new byte[0]);
    other[5] = WireLimits.SUITE_NOISE_XX;
    assertEquals(DropReason.SECURITY_MISMATCH, give(other, HandPeer.address(1), 0));
    byte[] answer = answer();
    assertNotNull(answer);
    ControlPacket control = new ControlPacket();
    assertEquals(DropReason.NONE, control.check(answer, 0, answer.length));
    assertEquals(ControlPacket.REFUSED, control.kind());
    assertEquals(CloseReason.SECURITY.code(), control.code());
  }

  /** Gives M1 with a cookie, from one address, as its number says. */
  private DropReason proved(int number, int host, long now) {
    give(first(number, new byte[0]), HandPeer.address(host), now);
    byte[] answer = answer();
    if (answer == null || PacketHeader.kind(answer[0]) != PacketHeader.CONTROL) {
      return DropReason.NONE; // answered with M2 at once
    }
    ControlPacket control = new ControlPacket();
    control.check(answer, 0, answer.length);
    int from = control.cookieFrom();
    byte[] cookie = Arrays.copyOfRange(answer, from, from + control.cookieLength());
    DropReason reason = give(first(number, cookie), HandPeer.address(host), now);
    answer();
    return reason;
  }

  /**
   * FAULTS 43: one address that proves itself and never goes on, 10,000 times over 10 s, holds what
   * its rate allows; who comes from elsewhere is answered at once, and all is forgotten in time.
   */
  @Test
  void fault43_stalledHandshakesHoldNoMoreThanTheirRate() {
    int begun = 0;
    for (int i = 0; i < 10_000; i++) {
      begun += proved(i, 7, i * 1_000_000L) == DropReason.NONE ? 1 : 0;
    }
    int most = 2 * (Admission.BURST_PER_PREFIX + 10 * Admission.PROVED_PER_PREFIX) + 2;
    assertTrue(begun <= most, begun + " handshakes");
    assertTrue(admission.halfOpenCount() <= Admission.HALF_OPEN_LIMIT);
    assertEquals(DropReason.NONE, proved(77_777, 8, 10 * S));
    admission.onTimeout(10 * S + Admission.HALF_OPEN_NANOS);
    assertEquals(0, admission.halfOpenCount());
    assertEquals(Endpoint.NEVER, admission.deadlineNanos());
  }

  @Test
  void whereAllPlacesAreHeldTheOldestMakesRoomAfterASecond() {
    fill(Admission.HALF_OPEN_LIMIT, 0);
    long later = Admission.REPLACEABLE_AFTER_NANOS;
    assertEquals(DropReason.HALF_OPEN_LIMIT, proved(1, 1, later - 1));
    assertEquals(DropReason.NONE, proved(1, 1, later));
    assertEquals(Admission.HALF_OPEN_LIMIT, admission.halfOpenCount());
  }

  @Test
  void allTogetherBeginNoMoreThanTheProcessorIsToBear() {
    int begun = 0;
    for (int i = 0; i < 20_000; i++) { // 2,000 a second, each from elsewhere, for ten seconds
      begun += proved(i, 20_000 + i, i * 500_000L) == DropReason.NONE ? 1 : 0;
    }
    int most = 10 * Admission.HANDSHAKES_PER_SECOND + Admission.HALF_OPEN_LIMIT + 101;
    assertTrue(begun <= most, begun + " handshakes");
    assertTrue(begun > most / 4, begun + " handshakes");
  }

  /**
   * M1 without a cookie comes each so many nanoseconds for ten seconds, and M3 at once for each
   * that is answered with M2, so that none is ever half open: how many are.
   */
  private int answeredWithoutCookie(long everyNanos, boolean fromOneAddress) {
    int answered = 0;
    for (int i = 0; i * everyNanos < 10 * S; i++) {
      long now = i * everyNanos;
      int host = fromOneAddress ? 7 : i;
      assertEquals(DropReason.NONE, give(first(i, new byte[0]), HandPeer.address(host), now));
      byte[] answer = answer();
      assertNotNull(answer);
      if (PacketHeader.kind(answer[0]) == PacketHeader.SECOND_MESSAGE) {
        complete(answer, now);
        answered++;
      }
    }
    return answered;
  }

  /** FAULTS 41: the rate of a prefix counts where no handshake is left half open. */
  @Test
  void fault41_onePrefixBeginsNoMoreThanItsRateWithoutACookie() {
    int most = Admission.BURST_PER_PREFIX + 10 * Admission.UNPROVED_PER_PREFIX;
    assertEquals(most, answeredWithoutCookie(10_000_000, true), 1);
  }

  /** FAULTS 41: and the rate of all together where each comes from elsewhere. */
  @Test
  void fault41_allTogetherBeginNoMoreThanTheirRateWithoutACookie() {
    int most = Admission.UNPROVED_PER_SECOND + 10 * Admission.UNPROVED_PER_SECOND;
    assertEquals(most, answeredWithoutCookie(1_000_000, false), 1);
  }

  @Test
  void aMalformedBodyHoldsNothing() {
    byte[] bad = first(1, new byte[0]);
    bad[30] ^= 1;
    assertEquals(DropReason.MALFORMED_HANDSHAKE, give(bad, HandPeer.address(1), 0));
    assertEquals(0, admission.halfOpenCount());
    assertTrue(outbox.isEmpty());
  }
}
