package io.posthorn.fuzz;

import java.util.Arrays;

/** Cuts an input into numbers and pieces; past its end all is zero and empty. */
public final class FuzzInput {
  private final byte[] bytes;
  private int at;

  /** Reads from the first byte on. */
  public FuzzInput(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Whether something is left. */
  public boolean hasMore() {
    return at < bytes.length;
  }

  /** The next byte, 0 to 255. */
  public int next() {
    return at < bytes.length ? bytes[at++] & 0xff : 0;
  }

  /** The next two bytes, 0 to 65,535. */
  public int nextShort() {
    return next() << 8 | next();
  }

  /** The next bytes, fewer at the end. */
  public byte[] next(int count) {
    int until = Math.min(bytes.length, at + count);
    byte[] piece = Arrays.copyOfRange(bytes, at, until);
    at = until;
    return piece;
  }

  /** All that is left. */
  public byte[] rest() {
    return next(bytes.length);
  }
}
