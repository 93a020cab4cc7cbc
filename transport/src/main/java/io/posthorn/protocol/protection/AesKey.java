package io.posthorn.protocol.protection;

import java.util.Arrays;
import javax.crypto.SecretKey;

/**
 * An AES-256 key that can be erased, which the JDK's {@code SecretKeySpec} cannot. The cipher still
 * holds its own key schedule until it gets another key or is collected.
 */
final class AesKey implements SecretKey {
  static final int KEY_BYTES = 32;

  private static final long serialVersionUID = 1L;

  private final transient byte[] bytes;

  /** Owns {@code bytes} from now on. */
  AesKey(byte[] bytes) {
    this.bytes = bytes;
  }

  @Override
  public String getAlgorithm() {
    return "AES";
  }

  @Override
  public String getFormat() {
    return "RAW";
  }

  /** A copy: the JDK's ciphers overwrite what they get. */
  @Override
  public byte[] getEncoded() {
    return bytes.clone();
  }

  @Override
  public void destroy() {
    Arrays.fill(bytes, (byte) 0);
  }

  @Override
  public String toString() {
    return "AesKey";
  }
}
