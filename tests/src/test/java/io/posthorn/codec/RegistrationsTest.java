package io.posthorn.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Registrations as the two sides of a connection compare them. */
class RegistrationsTest {
  private final Registrations ours = Sample.builder().build().registrations();

  @Test
  void textComesBackEqual() throws CodecException {
    Registrations parsed = Registrations.parse(ours.toString());
    assertEquals(ours, parsed);
    assertEquals(ours.hashCode(), parsed.hashCode());
    assertArrayEquals(ours.fingerprint(), parsed.fingerprint());
    assertEquals(32, ours.fingerprint().length);
    assertTrue(ours.describeDifference(parsed).isEmpty());
  }

  @Test
  void theTextSaysWhatIsWritten() {
    String text = ours.toString();
    assertTrue(text.startsWith("posthorn-kryo 1 java.lang.Object\n"), text);
    assertTrue(text.contains("\n10 io.posthorn.codec.Sample$Point record(int x, int y)\n"), text);
    assertTrue(
        text.contains("\n12 io.posthorn.codec.Sample$Colour enum(RED, GREEN, BLUE)\n"), text);
    assertTrue(
        text.contains(
            "Sample$Node bean(java.lang.String name,"
                + " java.util.List<io.posthorn.codec.Sample$Node> children, long[] samples,"
                + " double weight)\n"),
        text);
  }

  @Test
  void theFirstClassThatDiffersIsNamed() throws CodecException {
    String changed = ours.toString().replace("int x, int y", "int x, long y").replace("RED", "ROT");
    assertEquals(
        "class id 10 differs: here io.posthorn.codec.Sample$Point record(int x, int y),"
            + " there io.posthorn.codec.Sample$Point record(int x, long y)",
        ours.describeDifference(Registrations.parse(changed)).orElseThrow());
    assertEquals(
        "the codecs differ: here utf8, there bytes",
        Codec.utf8()
            .registrations()
            .describeDifference(Codec.bytes().registrations())
            .orElseThrow());
  }

  @Test
  void textOfTheOtherSideIsQuotedShortAndHarmless() throws CodecException {
    Registrations hostile = Registrations.parse("f\n1 \u001B[2J\u202E" + "x".repeat(1_000));
    Registrations empty = Registrations.parse("f");
    String difference = empty.describeDifference(hostile).orElseThrow();
    assertTrue(difference.length() < 300, difference);
    assertFalse(difference.contains("\u001B"), difference);
    assertFalse(difference.contains("\u202E"), difference);
  }

  @Test
  void textsThatAreNoRegistrationsAreRefused() {
    for (String text :
        new String[] {
          "",
          "\n",
          " \n1 x",
          "f\nx",
          "f\n1",
          "f\n99999999999 x",
          "f\n16384 x",
          "f\n-1 x",
          "f\n1 a\n1 b"
        }) {
      assertThrows(CodecException.Malformed.class, () -> Registrations.parse(text), text);
    }
    String large = "f".repeat(Registrations.TEXT_LIMIT_CHARS + 1);
    assertThrows(CodecException.TooLarge.class, () -> Registrations.parse(large));
  }
}
