package io.posthorn.endpoint;

import io.posthorn.wire.BigEndian;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;

/** A text that verifies under two keys of AES-GCM, which does not commit to its key. */
final class TwoKeySeal {
  static final int BLOCK_BYTES = 16;

  /**
   * A key, for a nonce of zeros, and what is authenticated beside the text.
   *
   * @param associated 32 bytes
   */
  record Key(byte[] bytes, byte[] associated) {}

  private TwoKeySeal() {}

  /**
   * Chooses the last block of a text and appends a tag, so that both keys verify it. The tag is
   * E(1) + A0·Hⁿ⁺³ + A1·Hⁿ⁺² + C0·Hⁿ⁺¹ + … + Cn·H² + length·H, where H and E are the key's, and A
   * is the hash that is its associated data; that two of them are equal is a linear equation for
   * Cn.
   */
  static byte[] seal(Key one, Key two, byte[] text) {
    int lastAt = text.length - BLOCK_BYTES;
    Field[] rest = new Field[2];
    Field[] power = new Field[2];
    for (int i = 0; i < 2; i++) {
      Key key = i == 0 ? one : two;
      Field h = Field.of(block(key.bytes, 0), 0);
      Field sum = Field.of(key.associated, 0).times(h);
      sum = sum.plus(Field.of(key.associated, BLOCK_BYTES)).times(h);
      for (int at = 0; at < lastAt; at += BLOCK_BYTES) {
        sum = sum.plus(Field.of(text, at)).times(h);
      }
      sum = sum.times(h); // the last block left out
      sum = sum.plus(new Field(8L * key.associated.length, 8L * text.length)).times(h);
      rest[i] = sum.plus(Field.of(block(key.bytes, 1), 0));
      power[i] = h.times(h);
    }
    Field last = rest[0].plus(rest[1]).times(power[0].plus(power[1]).inverse());
    Field tag = rest[0].plus(last.times(power[0]));
    byte[] sealed = Arrays.copyOf(text, text.length + BLOCK_BYTES);
    last.write(sealed, lastAt);
    tag.write(sealed, text.length);
    return sealed;
  }

  /** The cipher's output for a block that is this counter. */
  static byte[] block(byte[] key, int counter) {
    try {
      Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
      cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"));
      byte[] in = new byte[BLOCK_BYTES];
      in[BLOCK_BYTES - 1] = (byte) counter;
      return cipher.doFinal(in);
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  /** An element of GF(2^128) as GCM writes it: the first bit is the coefficient of x^0. */
  private record Field(long high, long low) {
    static Field of(byte[] bytes, int at) {
      return new Field(BigEndian.getLong(bytes, at), BigEndian.getLong(bytes, at + Long.BYTES));
    }

    void write(byte[] bytes, int at) {
      BigEndian.putLong(bytes, at, high);
      BigEndian.putLong(bytes, at + Long.BYTES, low);
    }

    Field plus(Field other) {
      return new Field(high ^ other.high, low ^ other.low);
    }

    Field times(Field other) {
      Field sum = new Field(0, 0);
      Field shifted = other;
      for (int bit = 0; bit < 128; bit++) {
        long word = bit < 64 ? high : low;
        if ((word << (bit & 63)) < 0) {
          sum = sum.plus(shifted);
        }
        long carry = (shifted.low & 1) == 0 ? 0 : 0xe100_0000_0000_0000L;
        shifted = new Field(shifted.high >>> 1 ^ carry, shifted.low >>> 1 | shifted.high << 63);
      }
      return sum;
    }

    /** x^(2^128 - 2). */
    Field inverse() {
      Field power = this;
      Field product = new Field(1L << 63, 0);
      for (int i = 1; i < 128; i++) {
        power = power.times(power);
        product = product.times(power);
      }
      return product;
    }
  }
}
