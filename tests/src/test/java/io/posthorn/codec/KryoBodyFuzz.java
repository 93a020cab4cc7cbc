package io.posthorn.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Any body is a value, or a typed refusal that leaves it unread; a value can be sent again. A first
 * byte of 0xff begins a list of registrations instead.
 */
public final class KryoBodyFuzz {
  private static final KryoCodec<Object> CODEC =
      Sample.builder().maxCollectionLength(1 << 12).maxBodyBytes(1 << 16).build();

  private KryoBodyFuzz() {}

  /** Takes a body. */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length > 0 && input[0] == -1) {
      registrations(new String(input, 1, input.length - 1, StandardCharsets.UTF_8));
      return;
    }
    ByteBuffer body = ByteBuffer.wrap(input);
    Object value;
    try {
      value = CODEC.decode(body);
    } catch (CodecException refused) {
      assertEquals(0, body.position(), "a refused body is not consumed");
      return;
    }
    try {
      CODEC.encode(value);
    } catch (CodecException.TooLarge grown) {
      // An enormous number in few bytes may be longer as Kryo writes it.
    } catch (CodecException notAgain) {
      throw new AssertionError("what was read cannot be written", notAgain);
    }
  }

  private static void registrations(String text) {
    try {
      Registrations read = Registrations.parse(text);
      assertEquals(read.toString(), Registrations.parse(read.toString()).toString());
    } catch (CodecException refused) {
      assertEquals(false, String.valueOf(refused.getMessage()).isBlank());
    }
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    seeds.add(("\u00ff" + CODEC.registrations()).getBytes(StandardCharsets.ISO_8859_1));
    for (Object value :
        List.of(
            "text",
            7,
            -3L,
            2.5,
            new Sample.Point(1, 2),
            new int[] {1, 2, 3},
            new byte[] {1, 2},
            new Sample.Point[] {new Sample.Point(3, 4)},
            new ArrayList<>(List.of("a", 1, new ArrayList<>(List.of(2L)))),
            new HashMap<>(Map.of("key", new Sample.Point(5, 6), "other", 1.5f)),
            List.of(1, 2),
            Map.of("a", List.of()),
            Sample.Node.of("n", 1.5, Sample.Node.of("m", 2)),
            new java.math.BigInteger("123456789012345678901234567890"),
            new java.math.BigDecimal("3.14"),
            java.time.Instant.ofEpochSecond(5, 7),
            java.util.Optional.of("there"),
            new java.util.TreeMap<>(Map.of("x", 1)),
            new java.util.TreeSet<>(
                List.of(new java.math.BigDecimal("3.14"), new java.math.BigDecimal("1E+99"))))) {
      try {
        seeds.add(CODEC.encode(value));
      } catch (CodecException e) {
        throw new AssertionError(value.toString(), e);
      }
    }
    return seeds;
  }
}
