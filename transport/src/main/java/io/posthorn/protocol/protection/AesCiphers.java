package io.posthorn.protocol.protection;

import io.posthorn.wire.WireLimits;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The ciphers of one endpoint, and what they work on. Each holds about a kilobyte, and a connection
 * needs four though it may be idle; so all take the same ones in turn. To expand a key anew for
 * each packet is a third of what a small one costs, though. So a direction of a connection that is
 * busy is lent ciphers of its own, while no more are lent than are allowed, until it is idle for
 * some seconds. Not thread-safe.
 */
public final class AesCiphers {
  /** Directions that have ciphers of their own at a time, some 2 KB each. */
  private static final int MOST_LENT = 8_192;

  private static final long SWEEP_NANOS = 1_000_000_000L;
  private static final long IDLE_NANOS = 2_000_000_000L;

  private final byte[] nonce = new byte[PhaseKey.IV_BYTES];
  private final byte[] header = new byte[WireLimits.MAX_DATA_HEADER_BYTES];
  private final DirectionCiphers sent = new DirectionCiphers();
  private final DirectionCiphers received = new DirectionCiphers();
  private final List<CipherUse> lent = new ArrayList<>(0);
  private final int mostLent;
  private long nowNanos;
  private long sweptNanos;

  /** Makes no cipher yet: in clear none is needed. */
  public AesCiphers() {
    this(MOST_LENT);
  }

  AesCiphers(int mostLent) {
    this.mostLent = mostLent;
  }

  /** What time it is; to be told before packets are opened or sealed. */
  public void onTime(long nowNanos) {
    this.nowNanos = nowNanos;
    if (!lent.isEmpty() && nowNanos - sweptNanos >= SWEEP_NANOS) {
      sweptNanos = nowNanos;
      takeBack();
    }
  }

  private void takeBack() {
    for (int i = lent.size() - 1; i >= 0; i--) {
      CipherUse user = lent.get(i);
      if (user.hasOwn() && nowNanos - user.lastNanos() < IDLE_NANOS) {
        continue;
      }
      user.giveUp();
      CipherUse last = lent.remove(lent.size() - 1);
      if (i < lent.size()) {
        lent.set(i, last);
      }
    }
  }

  long nowNanos() {
    return nowNanos;
  }

  /** Ciphers for this one alone, or null if too many are lent. */
  @Nullable DirectionCiphers lend(CipherUse user) {
    if (lent.size() >= mostLent) {
      return null;
    }
    lent.add(user);
    return new DirectionCiphers();
  }

  /** How many directions have ciphers of their own; for tests. */
  int lent() {
    return lent.size();
  }

  /** For what one connection sends. */
  CipherUse forSent() {
    return new CipherUse(this, sent);
  }

  /** For what one connection receives. */
  CipherUse forReceived() {
    return new CipherUse(this, received);
  }

  /** Where the nonce of the packet at hand is made. */
  byte[] nonce() {
    return nonce;
  }

  /** The header of the packet at hand, as it is before its protection. */
  byte[] header() {
    return header;
  }
}
