package io.posthorn.protocol.handshake;

import io.posthorn.protocol.protection.Hkdf;
import io.posthorn.wire.BigEndian;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.function.LongPredicate;
import java.util.random.RandomGenerator;
import javax.crypto.Mac;
import javax.crypto.ShortBufferException;
import org.jspecify.annotations.Nullable;

/**
 * Draws connection ids that nobody can guess and that the same static identity knows again at the
 * same port, even after a restart: 48 random bits and 16 zeros, permuted by a Feistel network of
 * four rounds with HMAC-SHA-256 under a key of identity and port (Luby and Rackoff). To all others
 * an id is 64 random bits. So an end that lost its memory can tell a packet of a lost connection,
 * which deserves a reset, from garbage, which deserves no answer, and from one of a connection that
 * lives at another of its ports, which must have none. Not thread-safe.
 */
public final class ConnectionIdIssuer {
  private static final byte[] LABEL = "posthorn connection id".getBytes(StandardCharsets.US_ASCII);
  private static final int ROUNDS = 4;
  private static final int ZERO_BITS = 16;

  private final RandomGenerator random;
  private final LongPredicate isTaken;
  private final ResetTokens tokens;
  private final Mac mac;
  private final byte[] input = new byte[1 + Integer.BYTES];
  private final byte[] output = new byte[Hkdf.HASH_BYTES];

  /**
   * Derives its key from the private part of {@code identity}.
   *
   * @param local what the port is bound to; null if that is not known
   * @param isTaken whether an id is in use already
   */
  public ConnectionIdIssuer(
      StaticKey identity,
      @Nullable InetSocketAddress local,
      RandomGenerator random,
      LongPredicate isTaken) {
    this.random = random;
    this.isTaken = isTaken;
    this.tokens = new ResetTokens(identity, local);
    this.mac = identity.macAt(LABEL, local);
  }

  /** Draws an id that is not in use. */
  public long next() {
    long id = draw();
    while (isTaken.test(id)) {
      id = draw();
    }
    return id;
  }

  private long draw() {
    long block = random.nextLong() << ZERO_BITS;
    int left = (int) (block >>> Integer.SIZE);
    int right = (int) block;
    for (int round = 0; round < ROUNDS; round++) {
      int mixed = left ^ scramble(round, right);
      left = right;
      right = mixed;
    }
    return (long) left << Integer.SIZE | (right & 0xffff_ffffL);
  }

  /** Whether an id was drawn under this identity and at this port, now or before a restart. */
  public boolean isIssuedHere(long connectionId) {
    int left = (int) (connectionId >>> Integer.SIZE);
    int right = (int) connectionId;
    for (int round = ROUNDS - 1; round >= 0; round--) {
      int mixed = right ^ scramble(round, left);
      right = left;
      left = mixed;
    }
    return (right << (Integer.SIZE - ZERO_BITS)) == 0;
  }

  private int scramble(int round, int half) {
    input[0] = (byte) round;
    BigEndian.putInt(input, 1, half);
    mac.update(input, 0, input.length);
    try {
      mac.doFinal(output, 0);
    } catch (ShortBufferException e) {
      throw new IllegalStateException("a SHA-256 hash has 32 bytes", e);
    }
    return BigEndian.getInt(output, 0);
  }

  /** The reset token of an id issued here. */
  public byte[] token(long connectionId) {
    byte[] token = new byte[WireLimits.RESET_TOKEN_BYTES];
    tokens.write(connectionId, token, 0);
    return token;
  }
}
