package io.posthorn.protocol.handshake;

import io.posthorn.protocol.protection.SipHash;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.function.LongPredicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Draws connection ids that nobody can guess and that the same static identity knows again at the
 * same port, even after a restart: 48 random bits and 16 zeros, permuted by a Feistel network of
 * four rounds with SipHash-2-4 under a key of identity and port (Luby and Rackoff). To all others
 * an id is 64 random bits. So an end that lost its memory can tell a packet of a lost connection,
 * which deserves a reset, from garbage, which deserves no answer, and from one of a connection that
 * lives at another of its ports, which must have none. Whoever floods a port with garbage has each
 * of its ids looked at, so that has to cost little. Not thread-safe.
 */
public final class ConnectionIdIssuer {
  private static final byte[] LABEL = "posthorn connection id".getBytes(StandardCharsets.US_ASCII);
  private static final int ROUNDS = 4;
  private static final int ZERO_BITS = 16;

  private final RandomGenerator random;
  private final LongPredicate isTaken;
  private final ResetTokens tokens;
  private final SipHash hash;

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
    this.hash = identity.hashAt(LABEL, local);
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
    return (int) hash.of((long) round << Integer.SIZE | (half & 0xffff_ffffL));
  }

  /** The reset token of an id issued here. */
  public byte[] token(long connectionId) {
    byte[] token = new byte[WireLimits.RESET_TOKEN_BYTES];
    tokens.write(connectionId, token, 0);
    return token;
  }
}
