package io.posthorn.protocol.handshake;

import static io.posthorn.protocol.handshake.Handshakes.CONNECTION_ID;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.wire.CloseReason;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.ThirdMessagePacket;
import io.posthorn.wire.WireLimits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When M1 goes, with what, and what M3 is. */
class OpeningAttemptTest {
  private static final long MS = 1_000_000;
  private static final long BEGUN = 7_000 * MS;
  private static final long NEVER = Long.MAX_VALUE;
  private static final byte[] COOKIE = {9, 8, 7, 6, 5, 4, 3, 2, 1, 0};

  private final Handshakes ends = Handshakes.clear(1);
  private final OpeningAttempt attempt = attempt(ends, OpeningAttempt.EVEN_REPETITIONS);
  private final FirstMessagePacket first = new FirstMessagePacket();
  private final byte[] out = new byte[2 * WireLimits.MINIMUM_DATAGRAM_BYTES];

  private static OpeningAttempt attempt(Handshakes of, int evenRepetitions) {
    return new OpeningAttempt(
        of.initiator, WireLimits.SUITE_CLEAR, CONNECTION_ID, 10_000 * MS, evenRepetitions, BEGUN);
  }

  /** Milliseconds after the beginning at which M1 goes, so many times. */
  private List<Long> times(OpeningAttempt of, int count) {
    List<Long> times = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long due = of.nextNanos();
      assertEquals(0, of.write(out, 0, due - 1), "not before it is due");
      assertEquals(WireLimits.MINIMUM_DATAGRAM_BYTES, of.write(out, 0, due));
      times.add((due - BEGUN) / MS);
    }
    return times;
  }

  private byte[] cookieOfNext(long nowNanos) {
    assertEquals(WireLimits.MINIMUM_DATAGRAM_BYTES, attempt.write(out, 0, nowNanos));
    assertEquals(DropReason.NONE, first.check(out, 0, WireLimits.MINIMUM_DATAGRAM_BYTES));
    int from = first.cookieFrom();
    return Arrays.copyOfRange(out, from, from + first.cookieLength());
  }

  @Test
  void whoWaitsForAConnectionAsksEvenlyForFourSecondsAndThenSlowsDown() {
    List<Long> times = times(attempt, 22);
    for (int i = 0; i <= 16; i++) {
      assertEquals(i * 250L, times.get(i));
    }
    assertEquals(List.of(4375L, 4937L, 5781L, 6781L, 7781L), times.subList(17, 22));
    assertEquals(BEGUN + 10_000 * MS, attempt.deadlineNanos());
  }

  @Test
  void whoMerelyLooksIntoAHintSlowsDownAtOnce() {
    assertEquals(
        List.of(0L, 250L, 625L, 1187L, 2031L, 3031L), times(attempt(Handshakes.clear(2), 1), 6));
  }

  @Test
  void firstMessageHasTheIdAndTheSameBodyEachTime() {
    assertEquals(WireLimits.MINIMUM_DATAGRAM_BYTES, attempt.write(out, 3, BEGUN));
    assertEquals(DropReason.NONE, first.check(out, 3, WireLimits.MINIMUM_DATAGRAM_BYTES));
    assertEquals(WireLimits.SUITE_CLEAR, first.suite());
    assertEquals(CONNECTION_ID, first.initiatorConnectionId());
    assertEquals(0, first.cookieLength());
    byte[] before = Arrays.copyOfRange(out, 3, 3 + WireLimits.MINIMUM_DATAGRAM_BYTES);
    attempt.write(out, 3, attempt.nextNanos());
    assertArrayEquals(before, Arrays.copyOfRange(out, 3, 3 + WireLimits.MINIMUM_DATAGRAM_BYTES));
  }

  @Test
  void aCookieGoesBackAtOnceASecondOneAtTheNextRepetition() {
    assertEquals(0, cookieOfNext(BEGUN).length);
    attempt.onRetry(COOKIE, 2, 5, BEGUN + 30 * MS);
    assertEquals(BEGUN + 30 * MS, attempt.nextNanos());
    assertArrayEquals(new byte[] {7, 6, 5, 4, 3}, cookieOfNext(BEGUN + 30 * MS));
    attempt.onRetry(COOKIE, 0, 4, BEGUN + 60 * MS);
    assertEquals(BEGUN + 280 * MS, attempt.nextNanos(), "forged ones make no storm");
    assertArrayEquals(new byte[] {9, 8, 7, 6}, cookieOfNext(BEGUN + 280 * MS));
  }

  /** It may have been issued for a damaged M1, or be too old: the responder says nothing then. */
  @Test
  void aCookieThatBringsNoAnswerIsGivenUpForAnother() {
    attempt.write(out, 0, BEGUN);
    attempt.onRetry(COOKIE, 2, 5, BEGUN + 30 * MS);
    for (int i = 0; i < OpeningAttempt.TRIES_PER_COOKIE; i++) {
      assertEquals(5, cookieOfNext(attempt.nextNanos()).length);
    }
    long bare = attempt.nextNanos();
    assertEquals(0, cookieOfNext(bare).length);
    assertEquals(-1, attempt.roundTripNanos(bare + 10 * MS), "M2 may answer the cookie still");
    attempt.onRetry(COOKIE, 0, 4, bare + 30 * MS);
    assertEquals(bare + 30 * MS, attempt.nextNanos());
    for (int i = 0; i < OpeningAttempt.TRIES_PER_COOKIE; i++) {
      assertArrayEquals(new byte[] {9, 8, 7, 6}, cookieOfNext(attempt.nextNanos()));
    }
    assertEquals(0, cookieOfNext(attempt.nextNanos()).length);
  }

  @Test
  void theFirstMessageWithACookieHasTheSameBody() {
    attempt.write(out, 0, BEGUN);
    first.check(out, 0, WireLimits.MINIMUM_DATAGRAM_BYTES);
    byte[] body = Arrays.copyOfRange(out, first.bodyFrom(), first.bodyFrom() + first.bodyLength());
    attempt.onRetry(COOKIE, 2, 5, BEGUN);
    attempt.write(out, 0, BEGUN);
    first.check(out, 0, WireLimits.MINIMUM_DATAGRAM_BYTES);
    assertEquals(5, first.cookieLength());
    assertArrayEquals(
        body, Arrays.copyOfRange(out, first.bodyFrom(), first.bodyFrom() + first.bodyLength()));
  }

  @Test
  void aRoundTripIsMeasuredOnlyWhereOneMessageCanHaveBeenAnswered() {
    attempt.write(out, 0, BEGUN);
    assertEquals(40 * MS, attempt.roundTripNanos(BEGUN + 40 * MS));
    attempt.write(out, 0, BEGUN + 250 * MS);
    assertEquals(-1, attempt.roundTripNanos(BEGUN + 260 * MS));
    attempt.onRetry(COOKIE, 0, 5, BEGUN + 270 * MS);
    attempt.write(out, 0, BEGUN + 270 * MS);
    assertEquals(50 * MS, attempt.roundTripNanos(BEGUN + 320 * MS), "the one with the cookie");
  }

  @Test
  void aRefusalIsBelievedWhenAnotherFirstMessageMeetsItToo() {
    assertEquals(CloseReason.HANDSHAKE_TIMEOUT, attempt.failure());
    attempt.write(out, 0, BEGUN);
    assertFalse(attempt.onRefused(CloseReason.REFUSED));
    assertFalse(attempt.onRefused(CloseReason.REFUSED), "the same may have come twice");
    attempt.write(out, 0, BEGUN + 250 * MS);
    assertTrue(attempt.onRefused(CloseReason.SECURITY));
    assertEquals(CloseReason.SECURITY, attempt.failure());
  }

  @Test
  void theSecondMessageEndsTheRepetitionsAndMakesTheThird() {
    assertEquals(0, attempt.third().length);
    assertFalse(attempt.isAnswered());
    attempt.write(out, 0, BEGUN);
    first.check(out, 0, WireLimits.MINIMUM_DATAGRAM_BYTES);
    assertTrue(ends.responder.readFirst(out, first.bodyFrom(), first.bodyLength()));
    byte[] second = ends.second();
    assertTrue(attempt.handshake().readSecond(second, 0, second.length, new byte[1200]) > 0);
    byte[] parameters = new byte[50];
    Arrays.fill(parameters, (byte) 3);
    attempt.onSecond(77, parameters, parameters.length);
    assertTrue(attempt.isAnswered());
    assertEquals(NEVER, attempt.nextNanos());
    assertEquals(0, attempt.write(out, 0, BEGUN + 9_000 * MS));
    attempt.onRetry(COOKIE, 0, 5, BEGUN + 9_000 * MS);
    assertEquals(NEVER, attempt.nextNanos(), "too late");

    byte[] third = attempt.third();
    ThirdMessagePacket packet = new ThirdMessagePacket();
    assertEquals(DropReason.NONE, packet.check(third, 0, third.length));
    assertEquals(77, packet.destinationConnectionId());
    byte[] payload = new byte[1200];
    int length = ends.responder.readThird(third, packet.bodyFrom(), packet.bodyLength(), payload);
    assertArrayEquals(parameters, Arrays.copyOf(payload, length));
  }
}
