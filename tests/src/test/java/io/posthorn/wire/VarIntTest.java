package io.posthorn.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 9000 §16 and A.1. */
class VarIntTest {
  @ParameterizedTest
  @CsvSource({
    "c2197c5eff14e88c, 151288809941952652",
    "9d7f3e7d, 494878333",
    "7bbd, 15293",
    "25, 37",
    "00, 0",
    "3f, 63",
    "4040, 64",
    "7fff, 16383",
    "80004000, 16384",
    "bfffffff, 1073741823",
    "c000000040000000, 1073741824",
    "ffffffffffffffff, 4611686018427387903",
  })
  void isWrittenInTheShortestFormAndReadBack(String hex, long value) {
    byte[] expected = HexFormat.of().parseHex(hex);
    byte[] out = new byte[expected.length + 2];
    assertEquals(expected.length, VarInt.write(out, 1, value));
    assertEquals(expected.length, VarInt.length(value));
    assertEquals(expected.length, VarInt.lengthOfFirstByte(expected[0]));
    assertEquals(hex, HexFormat.of().formatHex(out, 1, out.length - 1));
    assertEquals(value, VarInt.read(out, 1, out.length - 1));
    for (int end = 1; end < out.length - 1; end++) {
      assertEquals(VarInt.TRUNCATED, VarInt.read(out, 1, end));
    }
  }

  @ParameterizedTest
  @CsvSource({"4025, 37", "80000025, 37", "c000000000000025, 37", "4000, 0"})
  void isReadInALongerFormToo(String hex, long value) {
    byte[] in = HexFormat.of().parseHex(hex);
    assertEquals(value, VarInt.read(in, 0, in.length));
  }

  @Test
  void aValueThatTheWireCanNotCarryIsOurFault() {
    byte[] out = new byte[8];
    assertThrows(IllegalArgumentException.class, () -> VarInt.length(-1));
    assertThrows(IllegalArgumentException.class, () -> VarInt.write(out, 0, 1L << 62));
    assertEquals(Arrays.toString(new byte[8]), Arrays.toString(out));
  }

  @Test
  void theBoundsAgreeWithEachOther() throws ReflectiveOperationException {
    // Constants are compiled in; only this loads the class and so checks its relations.
    assertEquals("WireLimits", Class.forName("io.posthorn.wire.WireLimits").getSimpleName());
  }
}
