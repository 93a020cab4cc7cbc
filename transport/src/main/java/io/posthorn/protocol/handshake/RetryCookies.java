package io.posthorn.protocol.handshake;

import io.posthorn.wire.BigEndian;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Stateless cookies: a stranger who echoes one has proved, within the last seconds, that it
 * receives at its address (RFC 9000 §8.1.2). Nothing is kept but two keys. Not thread-safe.
 *
 * <pre>
 *   0            1
 *   +------------+-------------------------------------------------------------------------------+
 *   | tick, low 8| first 16 bytes of HMAC-SHA-256(key, tick, connection id, ephemeral, port, IP) |
 *   +------------+-------------------------------------------------------------------------------+
 * </pre>
 *
 * <p>With the initiator's ephemeral key in it a cookie is good for one handshake, however often it
 * comes: whoever proved an address once does not begin many with that. {@link SpentCookies} holds
 * those whose handshake is over before they are stale.
 *
 * <p>A tick is {@link #TICK_NANOS} long. A cookie is good in its own tick and the next one: for 5 s
 * at least, for 10 s at most. A key is used for 12 ticks, then replaced by a new one; the one
 * before it is kept as long again.
 */
public final class RetryCookies {
  /** Length of a cookie. */
  public static final int COOKIE_BYTES = 1 + RetryCookies.MAC_BYTES;

  /** A cookie is never accepted longer than this after it was issued. */
  public static final long LIFETIME_NANOS = 10_000_000_000L;

  static final long TICK_NANOS = LIFETIME_NANOS / 2;
  static final int TICKS_PER_KEY = 12;

  private static final int MAC_BYTES = 16;
  private static final int KEY_BYTES = 32;
  private static final int EPHEMERAL_BYTES = 32;
  private static final int ADDRESS_LIMIT_BYTES = 16;
  private static final int FIXED_BYTES = 8 + 8 + EPHEMERAL_BYTES + 2 + 1;
  private static final long NO_EPOCH = Long.MIN_VALUE;

  private final RandomGenerator random;
  private final Mac mac;
  private final byte[] currentKey = new byte[KEY_BYTES];
  private final byte[] previousKey = new byte[KEY_BYTES];
  private final byte[] input = new byte[FIXED_BYTES + ADDRESS_LIMIT_BYTES];
  private long epoch = NO_EPOCH;

  /** Draws its keys from {@code random} when they are needed. */
  public RetryCookies(RandomGenerator random) {
    this.random = random;
    try {
      mac = Mac.getInstance("HmacSHA256");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HmacSHA256", e);
    }
  }

  /**
   * Writes a cookie for a stranger.
   *
   * @param from resolved address that the M1 came from
   * @param initiatorConnectionId the connection id in that M1
   * @param ephemeral has the first 32 bytes of that M1's body from {@code ephemeralFrom} on
   * @param out has room for {@link #COOKIE_BYTES} from {@code at} on
   * @return {@link #COOKIE_BYTES}
   */
  public int issue(
      InetSocketAddress from,
      long initiatorConnectionId,
      byte[] ephemeral,
      int ephemeralFrom,
      long nowNanos,
      byte[] out,
      int at) {
    long tick = Math.floorDiv(nowNanos, TICK_NANOS);
    rotate(tick);
    byte[] code = code(tick, from, initiatorConnectionId, ephemeral, ephemeralFrom);
    out[at] = (byte) tick;
    System.arraycopy(code, 0, out, at + 1, MAC_BYTES);
    return COOKIE_BYTES;
  }

  /**
   * Whether these bytes are a cookie that was issued here, for this address, connection id and
   * ephemeral key, within its lifetime. The comparison takes the same time whatever differs.
   *
   * @param ephemeral as for {@link #issue}
   * @param cookie any bytes that came in; {@code at} and {@code length} lie within it
   */
  public boolean verify(
      InetSocketAddress from,
      long initiatorConnectionId,
      byte[] ephemeral,
      int ephemeralFrom,
      byte[] cookie,
      int at,
      int length,
      long nowNanos) {
    if (length != COOKIE_BYTES) {
      return false;
    }
    long now = Math.floorDiv(nowNanos, TICK_NANOS);
    rotate(now);
    long tick;
    if (cookie[at] == (byte) now) {
      tick = now;
    } else if (cookie[at] == (byte) (now - 1)) {
      tick = now - 1;
    } else {
      return false;
    }
    byte[] expected = code(tick, from, initiatorConnectionId, ephemeral, ephemeralFrom);
    return MessageDigest.isEqual(
        Arrays.copyOf(expected, MAC_BYTES), Arrays.copyOfRange(cookie, at + 1, at + length));
  }

  private byte[] code(
      long tick,
      InetSocketAddress from,
      long initiatorConnectionId,
      byte[] ephemeral,
      int ephemeralFrom) {
    InetAddress ip = from.getAddress();
    byte[] address = ip.getAddress();
    BigEndian.putLong(input, 0, tick);
    BigEndian.putLong(input, 8, initiatorConnectionId);
    System.arraycopy(ephemeral, ephemeralFrom, input, 16, EPHEMERAL_BYTES);
    BigEndian.putShort(input, FIXED_BYTES - 3, from.getPort());
    input[FIXED_BYTES - 1] = (byte) address.length;
    System.arraycopy(address, 0, input, FIXED_BYTES, address.length);
    byte[] key = Math.floorDiv(tick, TICKS_PER_KEY) == epoch ? currentKey : previousKey;
    try {
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("HMAC takes any key", e);
    }
    mac.update(input, 0, FIXED_BYTES + address.length);
    return mac.doFinal();
  }

  /** What tells a good cookie from all others, which nobody chooses: half of its code. */
  public static long name(byte[] cookie, int at) {
    return BigEndian.getLong(cookie, at + 1);
  }

  /** Replaces the keys that are too old at this tick. */
  private void rotate(long tick) {
    long now = Math.floorDiv(tick, TICKS_PER_KEY);
    if (now == epoch) {
      return;
    }
    if (now == epoch + 1) {
      System.arraycopy(currentKey, 0, previousKey, 0, KEY_BYTES);
    } else {
      random.nextBytes(previousKey);
    }
    random.nextBytes(currentKey);
    epoch = now;
  }
}
