package io.posthorn.protocol.handshake;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The keys of the sealed parts of M2 and M3, and the hash that names the session, of one attempt:
 * kept only if somebody asked for them, to read a capture by.
 */
final class KeptKeys {
  private static final int KEY_BYTES = X25519.KEY_BYTES;
  private static final int SECOND_STATIC = 0;
  private static final int SECOND_PAYLOAD = 1;
  private static final int THIRD_PAYLOAD = 2;
  private static final int THIRD_HASH = 3;
  private static final int COUNT = 4;

  /** One behind the other; null if nobody wants them. */
  private byte @Nullable [] keys;

  /** They are wanted. */
  void begin() {
    keys = new byte[COUNT * KEY_BYTES];
  }

  /** The static key in M2 comes next. */
  void ofSecondStatic(NoiseSymmetricState state) {
    keep(state, SECOND_STATIC);
  }

  /** The payload of M2 comes next. */
  void ofSecondPayload(NoiseSymmetricState state) {
    keep(state, SECOND_PAYLOAD);
  }

  /** The payload of M3 comes next. */
  void ofThird(NoiseSymmetricState state) {
    keep(state, THIRD_PAYLOAD);
    byte[] all = keys;
    if (all != null) {
      System.arraycopy(state.handshakeHash(), 0, all, THIRD_HASH * KEY_BYTES, KEY_BYTES);
    }
  }

  private void keep(NoiseSymmetricState state, int which) {
    byte[] all = keys;
    if (all != null) {
      state.copyKey(all, which * KEY_BYTES);
    }
  }

  /** Shows copies, which are erased afterwards, if they are kept. */
  void reveal(Handshake.KeyReader reader) {
    byte[] all = keys;
    if (all == null) {
      return;
    }
    byte[][] each = new byte[COUNT][];
    for (int i = 0; i < COUNT; i++) {
      each[i] = Arrays.copyOfRange(all, i * KEY_BYTES, (i + 1) * KEY_BYTES);
    }
    reader.read(each[SECOND_STATIC], each[SECOND_PAYLOAD], each[THIRD_PAYLOAD], each[THIRD_HASH]);
    for (byte[] one : each) {
      Arrays.fill(one, (byte) 0);
    }
  }

  /** Erases them. */
  void destroy() {
    byte[] all = keys;
    if (all != null) {
      Arrays.fill(all, (byte) 0);
    }
  }
}
