package io.posthorn.protocol.protection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import org.junit.jupiter.api.Test;

class SipHashTest {
  private static byte[] key() {
    byte[] key = new byte[SipHash.KEY_BYTES];
    for (int i = 0; i < key.length; i++) {
      key[i] = (byte) i;
    }
    return key;
  }

  /** Of the reference implementation's vectors the one of eight bytes: 62 24 93 9a 79 f5 f5 93. */
  @Test
  void eightBytesHaveTheHashOfTheReference() {
    assertEquals(0x93f5f579_9a932462L, new SipHash(key()).of(0x07060504_03020100L));
  }

  @Test
  void everyByteOfTheKeyCounts() {
    long usual = new SipHash(key()).of(1);
    for (int i = 0; i < SipHash.KEY_BYTES; i++) {
      byte[] other = key();
      other[i] ^= 1;
      assertNotEquals(usual, new SipHash(other).of(1), "byte " + i);
    }
  }

  @Test
  void aKeyIsCopied() {
    byte[] key = key();
    SipHash hash = new SipHash(key);
    long before = hash.of(1);
    key[0] = 99;
    assertEquals(before, hash.of(1));
  }
}
