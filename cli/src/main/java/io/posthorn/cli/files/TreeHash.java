package io.posthorn.cli.files;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * The hash of a file's content, made while the bytes pass (COPY.md §4): SHA-256 over the SHA-256 of
 * each block of 1 MiB and then the length. So holes cost next to nothing, and the hash of a part
 * that ends with a block is on the way to the hash of all. For one thread.
 */
public final class TreeHash {
  /** Bytes of a block. */
  public static final int BLOCK_BYTES = 1 << 20;

  /** Bytes of a hash. */
  public static final int HASH_BYTES = 32;

  private static final byte[] ZERO_PIECE = new byte[64 << 10];
  private static final byte[] ZERO_BLOCK_HASH = zeroBlockHash();

  private final MessageDigest all = sha256();
  private final MessageDigest block = sha256();
  private int inBlock;
  private long length;

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java runtime has SHA-256", impossible);
    }
  }

  private static byte[] zeroBlockHash() {
    MessageDigest digest = sha256();
    for (int done = 0; done < BLOCK_BYTES; done += ZERO_PIECE.length) {
      digest.update(ZERO_PIECE);
    }
    return digest.digest();
  }

  /** SHA-256 of these bytes. */
  static byte[] plain(byte[] bytes) {
    return sha256().digest(bytes);
  }

  /** The next bytes of the content. */
  public void update(byte[] bytes, int from, int count) {
    int at = from;
    int end = from + count;
    while (at < end) {
      int part = Math.min(end - at, BLOCK_BYTES - inBlock);
      block.update(bytes, at, part);
      inBlock += part;
      at += part;
      endBlockIfFull();
    }
    length += count;
  }

  /** So many zeros come next. */
  public void zeros(long count) {
    long left = count;
    while (left > 0) {
      if (inBlock == 0 && left >= BLOCK_BYTES) {
        all.update(ZERO_BLOCK_HASH);
        left -= BLOCK_BYTES;
        continue;
      }
      int part = (int) Math.min(Math.min(left, ZERO_PIECE.length), BLOCK_BYTES - inBlock);
      block.update(ZERO_PIECE, 0, part);
      inBlock += part;
      left -= part;
      endBlockIfFull();
    }
    length += count;
  }

  private void endBlockIfFull() {
    if (inBlock == BLOCK_BYTES) {
      all.update(block.digest());
      inBlock = 0;
    }
  }

  /** Bytes so far. */
  public long length() {
    return length;
  }

  /** The hash of what came so far, which must end with a block; more may come after. */
  public byte[] hashSoFar() {
    if (inBlock != 0) {
      throw new IllegalStateException("in the middle of a block");
    }
    try {
      return finish((MessageDigest) all.clone());
    } catch (CloneNotSupportedException impossible) {
      throw new IllegalStateException("SHA-256 of the JDK can be copied", impossible);
    }
  }

  /** The hash of all; the last call. */
  public byte[] hash() {
    if (inBlock > 0) {
      all.update(block.digest());
      inBlock = 0;
    }
    return finish(all);
  }

  private byte[] finish(MessageDigest digest) {
    digest.update(ByteBuffer.allocate(Long.BYTES).putLong(length).array());
    return digest.digest();
  }
}
