package io.posthorn.endpoint;

import io.posthorn.wire.VarInt;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Small messages for one peer that wait in plain mode, each behind its length; used again. */
final class PlainRun {
  private static final int LEAST_BYTES = 4 << 10;
  private static final byte[] NONE = new byte[0];

  private byte[] bytes = NONE;
  private int at;
  private int end;
  private @Nullable InetSocketAddress peer;

  /** Takes messages, each encoded as twice its length and its bytes. */
  void fill(InetSocketAddress to, byte[] encoded, int from, int until) {
    int length = until - from;
    if (bytes.length < length) {
      bytes = new byte[Math.max(LEAST_BYTES, Integer.highestOneBit(length) * 2)];
    }
    System.arraycopy(encoded, from, bytes, 0, length);
    at = 0;
    end = length;
    peer = to;
  }

  InetSocketAddress peer() {
    InetSocketAddress to = peer;
    if (to == null) {
      throw new IllegalStateException("an empty run has no peer");
    }
    return to;
  }

  boolean isEmpty() {
    return at == end;
  }

  /** Length of the next message. */
  int nextBytes() {
    int header = VarInt.lengthOfFirstByte(bytes[at]);
    return (int) (VarInt.read(bytes, at, at + header) >>> 1);
  }

  /** Moves the next message. */
  void take(byte[] out, int to) {
    int header = VarInt.lengthOfFirstByte(bytes[at]);
    int length = nextBytes();
    System.arraycopy(bytes, at + header, out, to, length);
    at += header + length;
  }
}
