package io.posthorn.protocol.protection;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Two ends of a connection that share keys, for the tests of this package. */
final class Ends {
  static final long CONNECTION_ID = 0x0102030405060708L;

  final PacketProtection left;
  final PacketProtection right;

  Ends(PacketProtection left, PacketProtection right) {
    this.left = left;
    this.right = right;
  }

  static Ends sealed(long seed, KeyLimits limits) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] forth = new byte[32];
    byte[] back = new byte[32];
    random.nextBytes(forth);
    random.nextBytes(back);
    return new Ends(
        new AesGcmProtection(forth, back, limits), new AesGcmProtection(back, forth, limits));
  }

  /** The secret of {@code left} in {@link #sealed}. */
  static byte[] forth(long seed) {
    byte[] forth = new byte[32];
    new SplittableRandom(seed).nextBytes(forth);
    return forth;
  }

  static Ends clear() {
    return new Ends(new ChecksumProtection(), new ChecksumProtection());
  }

  static byte[] seal(PacketProtection end, long number, int numberLength, byte[] frames) {
    byte[] out = new byte[9 + 4 + frames.length + 16 + 5];
    int length = end.seal(CONNECTION_ID, number, numberLength, frames, 0, frames.length, out, 3);
    assertEquals(9 + numberLength + frames.length + end.overheadBytes(), length);
    return Arrays.copyOfRange(out, 3, 3 + length);
  }

  /** The frames of a packet, or a fault as an array of its negative code. */
  static int open(PacketProtection end, byte[] packet, long largest, long now, byte[] plain) {
    byte[] shifted = new byte[packet.length + 4];
    System.arraycopy(packet, 0, shifted, 4, packet.length);
    int length = end.open(shifted, 4, packet.length, largest, now, plain, 0);
    assertEquals(
        0, Arrays.compare(packet, 0, packet.length, shifted, 4, shifted.length), "not touched");
    return length;
  }

  static KeyPhases phases(PacketProtection end) {
    return ((AesGcmProtection) end).phases();
  }
}
