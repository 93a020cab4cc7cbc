package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class TextSafetyProperties {
  @Property
  void noByteStringLeavesAnythingThatATerminalObeys(@ForAll byte[] bytes) {
    String shown = TextSafety.visible(bytes, 0, bytes.length);
    assertTrue(shown.codePoints().allMatch(TextSafetyProperties::isHarmless), shown);
  }

  @Property
  void noTextLeavesAnythingThatATerminalObeys(@ForAll String text) {
    String shown = TextSafety.visible(text);
    assertTrue(shown.codePoints().allMatch(TextSafetyProperties::isHarmless), shown);
  }

  static boolean isHarmless(int codePoint) {
    int type = Character.getType(codePoint);
    return !Character.isISOControl(codePoint)
        && type != Character.FORMAT
        && type != Character.SURROGATE
        && type != Character.LINE_SEPARATOR
        && type != Character.PARAGRAPH_SEPARATOR
        && type != Character.UNASSIGNED
        && type != Character.PRIVATE_USE;
  }

  @Property
  void textAndItsBytesAreShownAlike(@ForAll String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    String decoded = new String(bytes, StandardCharsets.UTF_8);
    assertEquals(TextSafety.visible(decoded), TextSafety.visible(bytes, 0, bytes.length));
  }

  @Example
  void ordinaryTextIsNotChanged() {
    String text = "Grüße, κόσμε, 世界, \\n stays two signs, 🎺 (C:\\temp)";
    assertEquals(text, TextSafety.visible(text));
  }

  @Example
  void whatMovesTheCursorOrReversesIsShown() {
    assertEquals(
        "a\\nb\\r\\t\\x1b[2J\\x07\\x7f", TextSafety.visible("a\nb\r\t\u001b[2J\u0007\u007f"));
    assertEquals("\\u{202e}abc", TextSafety.visible("\u202eabc"));
    byte[] broken = {'a', (byte) 0xc3, 'b', (byte) 0xff};
    assertEquals("a\\xc3b\\xff", TextSafety.visible(broken, 0, broken.length));
  }

  @Example
  void onlyWholeUtf8IsText() {
    assertEquals("ü", TextSafety.utf8("ü".getBytes(StandardCharsets.UTF_8)));
    assertNull(TextSafety.utf8(new byte[] {(byte) 0xc3}));
    assertFalse(String.valueOf(TextSafety.utf8(new byte[0])).equals("null"));
  }
}
