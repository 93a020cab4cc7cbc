package io.posthorn.protocol.protection;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.wire.BigEndian;
import io.posthorn.wire.WireLimits;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What both kinds of protection promise, and the layout of what they write. */
class PacketProtectionTest {
  private final byte[] plain = new byte[2000];

  private static Ends ends(boolean sealed) {
    return sealed ? Ends.sealed(1, KeyLimits.DEFAULT) : Ends.clear();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void packetsOfEverySizeComeBackWhole(boolean sealed) {
    Ends ends = ends(sealed);
    SplittableRandom random = new SplittableRandom(2);
    long number = -1;
    for (int size = 3; size < 1400; size += 1 + random.nextInt(40)) {
      for (int numberLength = 1; numberLength <= 4; numberLength++) {
        byte[] frames = new byte[size];
        random.nextBytes(frames);
        byte[] packet = Ends.seal(ends.left, ++number, numberLength, frames);
        assertEquals(size, Ends.open(ends.right, packet, number - 1, 0, plain));
        assertArrayEquals(frames, Arrays.copyOf(plain, size));
        assertEquals(number, ends.right.openedPacketNumber());
      }
    }
    assertEquals(0, ends.right.forgeries());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aCopyThatComesVeryLateIsTakenForNoNewPacket(boolean sealed) {
    Ends ends = ends(sealed);
    int least = ends.left.leastNumberBytes();
    byte[] first = Ends.seal(ends.left, 70, least, new byte[20]);
    assertEquals(20, Ends.open(ends.right, first, -1, 0, plain));
    long largest = 70;
    for (long number : new long[] {30_000, 60_000, 65_600}) {
      byte[] packet = Ends.seal(ends.left, number, least, new byte[20]);
      assertEquals(20, Ends.open(ends.right, packet, largest, 0, plain));
      largest = number;
    }
    // Its two low bytes would be those of 65,606, which comes next but five.
    assertTrue(Ends.open(ends.right, first, largest, 0, plain) < 0);
    assertEquals(largest, ends.right.openedPacketNumber());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void eachFlippedBitIsRefusedAndChangesNothing(boolean sealed) {
    Ends ends = ends(sealed);
    Ends.open(ends.right, Ends.seal(ends.left, 4, 1, new byte[20]), -1, 0, plain);
    byte[] packet = Ends.seal(ends.left, 5, 2, "some frames here".getBytes(UTF_8));
    int forged = 0;
    for (int bit = 0; bit < 8 * packet.length; bit++) {
      byte[] mutated = packet.clone();
      mutated[bit >>> 3] ^= (byte) (1 << (bit & 7));
      int result = Ends.open(ends.right, mutated, 4, 0, plain);
      assertTrue(result < 0, "bit " + bit);
      forged += result == PacketProtection.FAILED ? 1 : 0;
      assertEquals(4, ends.right.openedPacketNumber());
    }
    assertTrue(forged > 8 * packet.length / 2, "most fail to verify, a few are stale by number");
    assertTrue(ends.right.forgeries() > 0 && ends.right.forgeries() <= forged);
    assertEquals(16, Ends.open(ends.right, packet, 4, 0, plain), "the true one still opens");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void everyTruncationIsRefused(boolean sealed) {
    Ends ends = ends(sealed);
    byte[] packet = Ends.seal(ends.left, 0, 4, new byte[40]);
    for (int length = 0; length < packet.length; length++) {
      byte[] shorter = Arrays.copyOf(packet, length);
      assertTrue(Ends.open(ends.right, shorter, -1, 0, plain) < 0, "length " + length);
    }
    assertTrue(Ends.open(ends.right, Arrays.copyOf(packet, packet.length + 1), -1, 0, plain) < 0);
    assertEquals(40, Ends.open(ends.right, packet, -1, 0, plain));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aPacketOpensOnceAndAnOldOneNever(boolean sealed) {
    Ends ends = ends(sealed);
    byte[][] packets = new byte[10_000][];
    for (int i = 0; i < packets.length; i++) {
      packets[i] = Ends.seal(ends.left, i, 4, new byte[4]);
    }
    assertEquals(4, Ends.open(ends.right, packets[9_000], -1, 0, plain));
    assertEquals(
        PacketProtection.DUPLICATE, Ends.open(ends.right, packets[9_000], 9_000, 0, plain));
    assertEquals(PacketProtection.STALE, Ends.open(ends.right, packets[808], 9_000, 0, plain));
    assertEquals(4, Ends.open(ends.right, packets[809], 9_000, 0, plain), "the oldest that counts");
    assertEquals(809, ends.right.openedPacketNumber());
    assertEquals(PacketProtection.DUPLICATE, Ends.open(ends.right, packets[809], 9_000, 0, plain));
    assertEquals(0, ends.right.forgeries());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aNumberIsNeverSealedTwice(boolean sealed) {
    Ends ends = ends(sealed);
    Ends.seal(ends.left, 7, 1, new byte[4]);
    byte[] frames = new byte[4];
    byte[] out = new byte[60];
    for (long number : new long[] {7, 6, 0, -1, WireLimits.MAX_PACKET_NUMBER + 1, Long.MIN_VALUE}) {
      assertThrows(
          IllegalStateException.class, () -> ends.left.seal(1, number, 1, frames, 0, 4, out, 0));
    }
    assertFalse(ends.left.isExhausted());
    Ends.seal(ends.left, WireLimits.MAX_PACKET_NUMBER - 64, 1, new byte[4]);
    assertTrue(ends.left.isExhausted(), "few numbers are left");
    assertTrue(ends.left.canSeal(WireLimits.MAX_PACKET_NUMBER));
    assertFalse(ends.left.canSeal(WireLimits.MAX_PACKET_NUMBER + 1));
    Ends.seal(ends.left, WireLimits.MAX_PACKET_NUMBER, 1, new byte[4]);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void framesThatDoNotFitTheBufferAreRefused(boolean sealed) {
    Ends ends = ends(sealed);
    byte[] packet = Ends.seal(ends.left, 0, 1, new byte[100]);
    assertEquals(PacketProtection.FAILED, Ends.open(ends.right, packet, -1, 0, new byte[99]));
    assertEquals(100, Ends.open(ends.right, packet, -1, 0, new byte[100]));
  }

  @Test
  void arbitraryBytesNeverOpen() {
    SplittableRandom random = new SplittableRandom(3);
    Ends sealed = ends(true);
    Ends clear = ends(false);
    for (int i = 0; i < 20_000; i++) {
      byte[] hostile = new byte[random.nextInt(80)];
      random.nextBytes(hostile);
      long largest = random.nextLong(-1, WireLimits.MAX_PACKET_NUMBER);
      assertTrue(Ends.open(sealed.right, hostile, largest, 0, plain) < 0);
      assertTrue(Ends.open(clear.right, hostile, largest, 0, plain) < 0);
    }
    assertEquals(-1, sealed.right.openedPacketNumber());
  }

  @Test
  void aClearPacketIsReadable() {
    byte[] packet = Ends.seal(new ChecksumProtection(), 0x0a0b, 2, "frames".getBytes(UTF_8));
    assertEquals(0x09, packet[0]);
    assertEquals(Ends.CONNECTION_ID, BigEndian.getLong(packet, 1));
    assertEquals(0x0a0b, BigEndian.getUnsignedShort(packet, 9));
    assertEquals("frames", new String(packet, 11, 6, UTF_8));
    CRC32C crc = new CRC32C();
    crc.update(packet, 0, 17);
    assertEquals((int) crc.getValue(), BigEndian.getInt(packet, 17));
    assertEquals(21, packet.length);
  }

  /** One packet by hand, from the labels in the documentation and the JDK's ciphers alone. */
  @Test
  void aSealedPacketHasTheLayoutOfTheDocument() throws GeneralSecurityException {
    byte[] secret = new byte[32];
    Arrays.fill(secret, (byte) 7);
    byte[] frames = "frames in a packet".getBytes(UTF_8);
    long number = 0x1_0203_0405L;
    byte[] packet =
        Ends.seal(new AesGcmProtection(secret, new byte[32], KeyLimits.DEFAULT), number, 3, frames);

    Hkdf hkdf = new Hkdf();
    byte[] key = hkdf.expand(secret, "posthorn key".getBytes(UTF_8), 32);
    byte[] nonce = hkdf.expand(secret, "posthorn iv".getBytes(UTF_8), 12);
    byte[] maskKey = hkdf.expand(secret, "posthorn hp".getBytes(UTF_8), 32);
    Cipher aes = Cipher.getInstance("AES/ECB/NoPadding");
    aes.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(maskKey, "AES"));
    byte[] mask = aes.doFinal(packet, 9 + 4, 16);
    packet[0] ^= (byte) (mask[0] & 7);
    packet[9] ^= mask[1];
    packet[10] ^= mask[2];
    packet[11] ^= mask[3];
    byte[] header = HexFormat.of().parseHex("0a0102030405060708" + "030405");
    assertArrayEquals(header, Arrays.copyOf(packet, 12));

    for (int i = 0; i < 8; i++) {
      nonce[4 + i] ^= (byte) (number >>> (56 - 8 * i));
    }
    Cipher gcm = Cipher.getInstance("AES/GCM/NoPadding");
    gcm.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, "AES"), new GCMParameterSpec(128, nonce));
    gcm.updateAAD(header);
    assertArrayEquals(frames, gcm.doFinal(packet, 12, packet.length - 12));
  }

  @Test
  void headerProtectionHidesNumbersAndLengths() {
    Ends ends = ends(true);
    Set<Integer> firstBytes = new HashSet<>();
    Set<Integer> numbers = new HashSet<>();
    for (int i = 0; i < 400; i++) {
      byte[] packet = Ends.seal(ends.left, i, 4, new byte[20]);
      assertEquals(0x08, packet[0] & 0xf8, "the type stays readable");
      firstBytes.add((int) packet[0]);
      numbers.add(BigEndian.getInt(packet, 9) >>> 16);
    }
    assertEquals(8, firstBytes.size());
    assertTrue(numbers.size() > 300, "the high bytes of small numbers look random");
  }

  @Test
  void aPacketWithoutASampleIsAFaultOfTheCaller() {
    Ends ends = ends(true);
    byte[] out = new byte[60];
    assertThrows(
        IllegalArgumentException.class, () -> ends.left.seal(1, 0, 1, new byte[2], 0, 2, out, 0));
    assertThrows(
        IllegalArgumentException.class, () -> ends.left.seal(1, 0, 5, new byte[9], 0, 9, out, 0));
    assertEquals(29, Ends.seal(ends.left, 1, 1, new byte[3]).length);
    assertEquals(29, Ends.seal(ends.left, 2, 4, new byte[0]).length);
  }

  @Test
  void forgeriesAreCountedUpToTheirLimit() {
    Ends ends = Ends.sealed(4, new KeyLimits(100, 1L << 60, 200, 10));
    byte[] packet = Ends.seal(ends.left, 0, 2, new byte[30]);
    byte[] forged = packet.clone();
    forged[forged.length - 1] ^= 1;
    for (int i = 1; i <= 10; i++) {
      assertFalse(ends.right.isExhausted());
      assertEquals(PacketProtection.FAILED, Ends.open(ends.right, forged, -1, 0, plain));
      assertEquals(i, ends.right.forgeries());
    }
    assertTrue(ends.right.isExhausted());
    assertEquals(PacketProtection.FAILED, Ends.open(ends.right, packet, -1, 0, plain), "too late");
  }

  @Test
  void erasedKeysSealAndOpenNothing() {
    Ends ends = ends(true);
    byte[] packet = Ends.seal(ends.left, 0, 2, new byte[30]);
    ends.right.destroy();
    assertEquals(PacketProtection.FAILED, Ends.open(ends.right, packet, -1, 0, plain));
    byte[] out = new byte[60];
    assertThrows(
        IllegalStateException.class, () -> ends.right.seal(1, 0, 1, new byte[9], 0, 9, out, 0));
    AesKey key = new AesKey(new byte[] {1, 2, 3});
    assertEquals("AesKey", key.toString());
    key.destroy();
    assertArrayEquals(new byte[3], key.getEncoded());
  }

  /** FAULTS 57: at most 2^23 packets, 2^20 as default, and by time; 36: forgeries. */
  @Test
  void fault57_theUsualLimitsAreTheseAndNoOthers() {
    long hourNanos = 3_600_000_000_000L;
    assertEquals(new KeyLimits(1 << 20, hourNanos, 1 << 23, 1L << 36), KeyLimits.DEFAULT);
  }

  @Test
  void limitsThatContradictEachOtherAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new KeyLimits(0, 1, 100, 1));
    assertThrows(IllegalArgumentException.class, () -> new KeyLimits(1, 0, 100, 1));
    assertThrows(IllegalArgumentException.class, () -> new KeyLimits(1, 1, 64, 1));
    assertThrows(IllegalArgumentException.class, () -> new KeyLimits(101, 1, 100, 1));
    assertThrows(IllegalArgumentException.class, () -> new KeyLimits(1, 1, 65, 0));
    assertThrows(
        IllegalArgumentException.class,
        () -> new AesGcmProtection(new byte[31], new byte[32], KeyLimits.DEFAULT));
  }
}
