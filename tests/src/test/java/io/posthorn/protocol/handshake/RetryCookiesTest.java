package io.posthorn.protocol.handshake;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.wire.WireLimits;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RetryCookiesTest {
  private static final long SECOND = 1_000_000_000;

  private final InetSocketAddress client = address(1000, 192, 0, 2, 1);
  private final RetryCookies cookies = new RetryCookies(new SplittableRandom(1));

  /** 32 bytes that count, and four before and behind them that do not. */
  private final byte[] ephemeral = new byte[40];

  @Test
  void fault42_aCookieIsGoodForItsAddressAndConnectionAlone() {
    byte[] cookie = issue(client, 5, 0);
    assertTrue(RetryCookies.COOKIE_BYTES <= WireLimits.MAX_COOKIE_BYTES);
    assertTrue(verify(client, 5, cookie, 0));
    assertFalse(verify(client, 6, cookie, 0), "another connection id");
    assertFalse(verify(address(1001, 192, 0, 2, 1), 5, cookie, 0), "another port");
    assertFalse(verify(address(1000, 192, 0, 2, 2), 5, cookie, 0), "another host");
    byte[] six = new byte[16];
    six[0] = (byte) 192;
    six[2] = 2;
    six[3] = 1;
    assertFalse(verify(address(1000, six), 5, cookie, 0), "another family");
    assertTrue(verify(address(1000, six), 5, issue(address(1000, six), 5, 0), 0));
  }

  /** FAULTS 42: else one cookie would begin as many handshakes as there are keys. */
  @Test
  void fault42_aCookieIsGoodForOneEphemeralKeyAlone() {
    byte[] cookie = issue(client, 5, 0);
    for (int at = 0; at < ephemeral.length; at++) {
      ephemeral[at] ^= 1;
      assertEquals(at < 4 || at >= 36, verify(client, 5, cookie, 0), "byte " + at);
      ephemeral[at] ^= 1;
    }
  }

  @Test
  void eachFlippedBitAndEveryOtherLengthIsRefused() {
    byte[] cookie = issue(client, 5, 0);
    for (int bit = 0; bit < 8 * cookie.length; bit++) {
      byte[] forged = cookie.clone();
      forged[bit >>> 3] ^= (byte) (1 << (bit & 7));
      assertFalse(verify(client, 5, forged, 0));
    }
    for (int length = 0; length < 64; length++) {
      assertEquals(length == cookie.length, verify(client, 5, Arrays.copyOf(cookie, length), 0));
    }
  }

  @Test
  void aCookieLivesFiveToTenSeconds() {
    for (long issued = 0; issued < 300 * SECOND; issued += 777_777_777) {
      for (long age = 0; age < 20 * SECOND; age += 333_333_333) {
        // Each pair has its own cookies, since time only goes on.
        RetryCookies fresh = new RetryCookies(new SplittableRandom(issued));
        byte[] out = new byte[RetryCookies.COOKIE_BYTES];
        fresh.issue(client, 9, ephemeral, 4, issued, out, 0);
        boolean good = fresh.verify(client, 9, ephemeral, 4, out, 0, out.length, issued + age);
        if (age <= 5 * SECOND) {
          assertTrue(good, issued + " + " + age);
        }
        if (age >= RetryCookies.LIFETIME_NANOS) {
          assertFalse(good, issued + " + " + age);
        }
      }
    }
  }

  /** FAULTS 42: the tick that it tells is covered, or an old one could be made young again. */
  @Test
  void fault42_aCookieThatLiesAboutItsAgeIsRefused() {
    byte[] cookie = issue(client, 5, 0);
    for (int tick = 1; tick < 30; tick++) {
      byte[] younger = cookie.clone();
      younger[0] = (byte) tick;
      assertFalse(verify(client, 5, younger, tick * RetryCookies.TICK_NANOS), tick + " ticks");
    }
  }

  @Test
  void keysRotateAndAnotherListenerHasItsOwn() {
    // Tick numbers repeat after 256 ticks on the wire; the key does not.
    byte[] early = issue(client, 5, 0);
    long period = 256 * RetryCookies.TICK_NANOS;
    byte[] late = issue(client, 5, period);
    assertEquals(early[0], late[0]);
    assertFalse(Arrays.equals(early, late));
    assertFalse(verify(client, 5, early, period));
    assertTrue(verify(client, 5, late, period));
    RetryCookies other = new RetryCookies(new SplittableRandom(2));
    assertFalse(other.verify(client, 5, ephemeral, 4, late, 0, late.length, period));
  }

  @Test
  void resetTokensFollowTheIdentity() {
    byte[] privateKey = new byte[32];
    privateKey[4] = 4;
    byte[] token = token(new ResetTokens(StaticKey.of(privateKey), null), 77);
    assertArrayEquals(
        token, token(new ResetTokens(StaticKey.of(privateKey), null), 77), "restarted");
    assertFalse(Arrays.equals(token, token(new ResetTokens(StaticKey.of(privateKey), null), 78)));
    privateKey[4] = 5;
    assertFalse(Arrays.equals(token, token(new ResetTokens(StaticKey.of(privateKey), null), 77)));

    byte[] packet = new byte[40];
    System.arraycopy(token, 0, packet, 24, 16);
    assertTrue(ResetTokens.matches(token, packet, 24));
    for (int bit = 0; bit < 128; bit++) {
      packet[24 + (bit >>> 3)] ^= (byte) (1 << (bit & 7));
      assertFalse(ResetTokens.matches(token, packet, 24));
      packet[24 + (bit >>> 3)] ^= (byte) (1 << (bit & 7));
    }
  }

  private byte[] issue(InetSocketAddress from, long connectionId, long nowNanos) {
    byte[] out = new byte[RetryCookies.COOKIE_BYTES + 3];
    assertEquals(
        RetryCookies.COOKIE_BYTES,
        cookies.issue(from, connectionId, ephemeral, 4, nowNanos, out, 3));
    return Arrays.copyOfRange(out, 3, out.length);
  }

  private boolean verify(InetSocketAddress from, long connectionId, byte[] cookie, long nowNanos) {
    byte[] in = new byte[cookie.length + 2];
    System.arraycopy(cookie, 0, in, 2, cookie.length);
    return cookies.verify(from, connectionId, ephemeral, 4, in, 2, cookie.length, nowNanos);
  }

  private static byte[] token(ResetTokens tokens, long connectionId) {
    byte[] out = new byte[20];
    assertEquals(16, tokens.write(connectionId, out, 2));
    return Arrays.copyOfRange(out, 2, 18);
  }

  private static InetSocketAddress address(int port, int... bytes) {
    byte[] raw = new byte[bytes.length];
    for (int i = 0; i < raw.length; i++) {
      raw[i] = (byte) bytes[i];
    }
    return address(port, raw);
  }

  private static InetSocketAddress address(int port, byte[] raw) {
    try {
      return new InetSocketAddress(InetAddress.getByAddress(raw), port);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }
}
