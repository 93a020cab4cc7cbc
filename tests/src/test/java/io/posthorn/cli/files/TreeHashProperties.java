package io.posthorn.cli.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** COPY.md §4. */
class TreeHashProperties {
  private static byte[] byTheText(byte[] content) throws Exception {
    MessageDigest all = MessageDigest.getInstance("SHA-256");
    for (int at = 0; at < content.length; at += TreeHash.BLOCK_BYTES) {
      int end = Math.min(content.length, at + TreeHash.BLOCK_BYTES);
      all.update(MessageDigest.getInstance("SHA-256").digest(Arrays.copyOfRange(content, at, end)));
    }
    all.update(ByteBuffer.allocate(8).putLong(content.length).array());
    return all.digest();
  }

  @Property(tries = 60)
  void isThatOfTheTextHoweverTheContentComes(
      @ForAll long seed, @ForAll @IntRange(max = 3_300_000) int length) throws Exception {
    Random random = new Random(seed);
    byte[] content = new byte[length];
    random.nextBytes(content);
    int holeFrom = random.nextInt(length + 1);
    int holeTo = holeFrom + random.nextInt(length - holeFrom + 1);
    Arrays.fill(content, holeFrom, holeTo, (byte) 0);
    TreeHash hash = new TreeHash();
    int at = 0;
    while (at < length) {
      int most = at < holeFrom ? holeFrom - at : at < holeTo ? holeTo - at : length - at;
      int count = random.nextBoolean() ? most : 1 + random.nextInt(most);
      if (at >= holeFrom && at < holeTo) {
        hash.zeros(count);
      } else {
        hash.update(content, at, count);
      }
      at += count;
      if (at % TreeHash.BLOCK_BYTES == 0) {
        assertArrayEquals(byTheText(Arrays.copyOf(content, at)), hash.hashSoFar());
      }
    }
    assertEquals(length, hash.length());
    assertArrayEquals(byTheText(content), hash.hash());
  }

  @Example
  void lengthAndPlaceOfZerosCount() {
    TreeHash empty = new TreeHash();
    TreeHash one = new TreeHash();
    one.zeros(1);
    TreeHash block = new TreeHash();
    block.zeros(TreeHash.BLOCK_BYTES);
    byte[] ofBlock = block.hashSoFar();
    assertFalse(Arrays.equals(empty.hash(), one.hash()));
    block.zeros(1);
    assertFalse(Arrays.equals(ofBlock, block.hash()));
  }
}
