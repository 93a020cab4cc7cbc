package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Bytes of a session on a terminal (FAULTS 63). */
class TerminalTextProperties {
  private static String shown(byte[] bytes, int... cuts) {
    TerminalText text = new TerminalText();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int from = 0;
    for (int cut : cuts) {
      out.writeBytes(text.show(Arrays.copyOfRange(bytes, from, cut)));
      from = cut;
    }
    out.writeBytes(text.show(Arrays.copyOfRange(bytes, from, bytes.length)));
    out.writeBytes(text.finish());
    return out.toString(StandardCharsets.UTF_8);
  }

  @Example
  void linesAndTabsStayAndOrdersToTheTerminalDoNot() {
    String hostile = "a\tb\r\nc\rd\u001b[2J\u0007\u202e é😀\u001b]52;c;x\u0007\n";
    assertEquals(
        "a\tb\nc\\rd\\x1b[2J\\x07\\u{202e} é😀\\x1b]52;c;x\\x07\n",
        shown(hostile.getBytes(StandardCharsets.UTF_8)));
    assertEquals("\\xff\\xc3(\\r", shown(new byte[] {(byte) 0xff, (byte) 0xc3, '(', '\r'}));
  }

  @Property(tries = 500)
  void whereTheBytesAreCutDoesNotMatter(
      @ForAll String text, @ForAll byte[] noise, @ForAll long seed) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(text.getBytes(StandardCharsets.UTF_8));
    all.writeBytes(noise);
    all.writeBytes("ü\r\n€".getBytes(StandardCharsets.UTF_8));
    byte[] bytes = all.toByteArray();
    int[] cuts = new Random(seed).ints(5, 0, bytes.length + 1).sorted().toArray();
    String whole = shown(bytes);
    assertEquals(whole, shown(bytes, cuts));
    assertTrue(
        whole.codePoints().allMatch(c -> c == '\n' || c == '\t' || (c >= ' ' && c != 0x7f)), whole);
  }

  @Example
  void whatCanBeShownIsShownAtOnce() {
    byte[] euro = "€".getBytes(StandardCharsets.UTF_8);
    TerminalText text = new TerminalText();
    assertEquals(
        "login: ",
        new String(text.show("login: ".getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8));
    assertEquals("", new String(text.show(Arrays.copyOf(euro, 2)), StandardCharsets.UTF_8));
    assertEquals(
        "€", new String(text.show(Arrays.copyOfRange(euro, 2, 3)), StandardCharsets.UTF_8));
  }
}
