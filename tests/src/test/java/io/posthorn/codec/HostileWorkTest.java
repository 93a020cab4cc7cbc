package io.posthorn.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** FAULTS 61: what a hostile body has the classes of the application do, counted. */
class HostileWorkTest extends HandwrittenBodies {
  private static final int KEYS = 40_960;
  private static final long MOST_CALLS = 10_000_000;

  private static long calls;

  /** A key whose hash code the sender chooses; it counts how often it is asked. */
  record Counted(int hash, int number) {
    @Override
    public int hashCode() {
      calls++;
      return hash;
    }

    @Override
    public boolean equals(Object other) {
      calls++;
      return other instanceof Counted that && hash == that.hash && number == that.number;
    }
  }

  private final KryoCodec<Object> counting =
      Sample.builder()
          .register(140, Counted.class)
          .maxCollectionLength(KEYS)
          .allocationAllowanceBytes(64 << 20)
          .build();

  private byte[] encoded(Counted key) {
    try {
      return counting.encode(key);
    } catch (CodecException e) {
      throw new AssertionError(e);
    }
  }

  private byte[] hashSet(int ofOneHash) {
    return body(
        out -> {
          id(out, HASH_SET);
          out.writeVarInt(KEYS, true);
          for (int i = 0; i < KEYS; i++) {
            out.writeBytes(encoded(new Counted(i < KEYS - ofOneHash ? i : 7, i)));
          }
        });
  }

  /**
   * Without a limit each of those of one hash code would be compared with all of them before it,
   * wherever in the body they begin.
   */
  @ParameterizedTest
  @ValueSource(ints = {0, KEYS, KEYS / 2, KEYS / 4})
  void keysOfOneHashCodeAreNotComparedForLong(int ofOneHash) throws Exception {
    byte[] body = hashSet(ofOneHash);
    calls = 0;
    if (ofOneHash == 0) {
      assertEquals(KEYS, ((Set<?>) counting.decode(ByteBuffer.wrap(body))).size());
    } else {
      assertThrows(CodecException.class, () -> counting.decode(ByteBuffer.wrap(body)));
    }
    assertTrue(calls <= MOST_CALLS, calls + " calls for " + KEYS + " keys");
  }

  /**
   * Lists are told apart by their last element alone, so that each comparison goes through all of
   * them: in groups of one hash code that are as large as may be, behind keys after which nobody
   * looks for long, and all at once.
   */
  @ParameterizedTest
  @CsvSource({"0, 256, 16", "0, 256, 250", "0, 512, 500", "511, 4096, 60", "4096, 4096, 60"})
  void longKeysOfOneHashCodeAreNotComparedForLong(int before, int ofOneHash, int length)
      throws Exception {
    byte[] same = encoded(new Counted(0, 0));
    int count = Math.min(KEYS - before, (1 << 20) / (length + 4) / same.length);
    byte[] body =
        body(
            out -> {
              id(out, HASH_SET);
              out.writeVarInt(before + count, true);
              for (int i = 0; i < before; i++) {
                id(out, 0);
                out.writeVarInt(i, true);
              }
              for (int i = 0; i < count; i++) {
                id(out, ARRAY_LIST);
                out.writeVarInt(length, true);
                repeat(out, length - 1, o -> o.writeBytes(same));
                out.writeBytes(encoded(new Counted((i / ofOneHash) << 14, i)));
              }
            });
    calls = 0;
    try {
      counting.decode(ByteBuffer.wrap(body));
    } catch (CodecException expected) {
      // as most of these end
    }
    long hashed = 2L * count * length; // by the guard and by the table
    long compared = calls - hashed;
    assertTrue(
        compared * same.length <= 40L * body.length + (1 << 20),
        compared + " comparisons for " + body.length + " bytes, each for " + same.length);
  }
}
