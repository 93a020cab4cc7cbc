package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * FAULTS 41: a stranger chooses all that his half-open handshakes are found by, and yet not where
 * in the table they stand. If he did, each first message would search through all of them.
 */
class HalfOpenKeyTest {
  private static final int KEYS = 512;
  private static final long SEED = 0x0123456789abcdefL;
  private static final long FACTOR = 0xfedcba9876543211L;

  private static InetSocketAddress address(byte[] bytes, int port) {
    try {
      return new InetSocketAddress(InetAddress.getByAddress(bytes), port);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  private static HalfOpen.Key key(InetSocketAddress from, long id, byte[] ephemeral) {
    return HalfOpen.Key.of(from, id, ByteBuffer.wrap(ephemeral), SEED, FACTOR);
  }

  private static void assertSpread(List<HalfOpen.Key> keys) {
    Set<Integer> hashes = new HashSet<>();
    keys.forEach(key -> hashes.add(key.hashCode()));
    assertTrue(hashes.size() > keys.size() - 3, hashes.size() + " hash codes");
  }

  /** The hash of bytes as the JDK has it, 31 times and more, is the same for all of these. */
  @Test
  void fault41_ephemeralKeysOfOneHashCodeAreSpread() {
    List<HalfOpen.Key> keys = new ArrayList<>();
    InetSocketAddress from = HandPeer.address(1);
    for (int i = 0; i < KEYS; i++) {
      byte[] ephemeral = new byte[32];
      for (int pair = 0; pair < 9; pair++) {
        if ((i >> pair & 1) == 1) {
          ephemeral[2 * pair] = -31;
          ephemeral[2 * pair + 1] = 1;
        }
      }
      keys.add(key(from, 7, ephemeral));
    }
    assertSpread(keys);
  }

  /** Bits at the end of one word, and those that follow from them in the next. */
  @Test
  void fault41_wordsThatWouldUndoEachOtherDoNot() {
    List<HalfOpen.Key> keys = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      byte[] ephemeral = new byte[32];
      for (int word = 0; word < 4; word++) {
        ephemeral[8 * word] = (byte) ((i >> word & 1) << 7);
      }
      keys.add(key(HandPeer.address(1), 7, ephemeral));
      keys.add(key(HandPeer.address(1), 7L | 1L << 63, ephemeral));
    }
    assertSpread(keys);
  }

  @Test
  void fault41_addressesAndPortsAndIdsAreSpread() {
    List<HalfOpen.Key> keys = new ArrayList<>();
    byte[] ephemeral = new byte[32];
    for (int i = 0; i < KEYS; i++) {
      byte[] six = new byte[16];
      six[3] = (byte) i;
      six[7] = (byte) -i; // the words of an address are added up by the JDK
      six[11] = (byte) (i >> 8);
      keys.add(key(address(six, 9), 7, ephemeral));
      keys.add(key(HandPeer.address(1), 1000 + i, ephemeral));
      keys.add(key(address(new byte[] {10, 0, 0, 1}, 2000 + i), 7, ephemeral));
    }
    assertSpread(keys);
  }

  @Test
  void equalKeysAreEqual() {
    byte[] ephemeral = new byte[32];
    HalfOpen.Key one = key(HandPeer.address(1), 7, ephemeral);
    assertEquals(one, key(HandPeer.address(1), 7, ephemeral.clone()));
    assertEquals(one.hashCode(), key(HandPeer.address(1), 7, ephemeral.clone()).hashCode());
    assertNotEquals(one, key(HandPeer.address(2), 7, ephemeral));
    assertNotEquals(one, key(HandPeer.address(1), 8, ephemeral));
    byte[] other = Arrays.copyOf(new byte[] {1}, 32);
    assertNotEquals(one, key(HandPeer.address(1), 7, other));
  }
}
