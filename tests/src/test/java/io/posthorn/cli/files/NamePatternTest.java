package io.posthorn.cli.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.regex.PatternSyntaxException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Which names a pattern means: those that the system's own matcher means, where it can spell them.
 */
class NamePatternTest {
  private static final String[] NAMES = {
    "a.o",
    "src/a.o",
    "src/b/a.o",
    "a",
    "b",
    "-",
    "!",
    "]",
    "^",
    "a]",
    "ab",
    "a.b",
    "a,b",
    "{a}",
    "*",
    "?",
    "a\\b",
    "(a)",
    "a+b",
    "$",
    "a|b",
    "c.java",
    "c.class",
    "priv\u00e9 1",
    "\u5927\u5c0f",
    ".a.o",
    "a b",
    "a&&b",
    "[a]",
    "A.O",
    "a/b"
  };

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*.o",
        "src/*.o",
        "src/**",
        "**.o",
        "**/a.o",
        "?",
        "a?b",
        "[ab]",
        "[a-c]*",
        "[!a]",
        "[^a]",
        "[-a]",
        "[a-]",
        "[!a-b]",
        "a]",
        "\\*",
        "\\?",
        "a\\\\b",
        "*.{java,class}",
        "{a,b}",
        "{a}",
        "(a)",
        "a+b",
        "$",
        "a|b",
        "priv\u00e9*",
        "priv? 1",
        "\u5927*",
        "[\u00e0-\u00ff]*",
        "priv[\u00e0-\u00ff] 1",
        "*",
        "**",
        "",
        "a,b",
        "[a&&b]",
        "a&&b",
        "[[a]*",
        "\\{a\\}",
        "a}",
        "***",
        "[*?]",
        "[\\\\]",
        "{a.o,src/*}",
        "a*b",
        "A.o"
      })
  void itMeansWhatTheSystemMeans(String glob) {
    assumeTrue(SystemText.LOCALE_SPELLS_ALL, "the locale has not all letters");
    var system = FileSystems.getDefault().getPathMatcher("glob:" + glob);
    NamePattern pattern = new NamePattern(glob);
    for (String name : NAMES) {
      assertEquals(system.matches(Path.of(name)), pattern.matches(name), name);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"[a", "[", "[!", "{a", "{a,{b}}", "a\\", "[a/b]", "[z-a]"})
  void aMalformedOneIsSaidToBe(String glob) {
    assertThrows(
        PatternSyntaxException.class,
        () -> FileSystems.getDefault().getPathMatcher("glob:" + glob));
    assertThrows(PatternSyntaxException.class, () -> new NamePattern(glob));
  }

  @Test
  void aBracketThatComesFirstInBracketsIsOneOfThem() {
    assertEquals(true, new NamePattern("[]a]").matches("]"));
    assertEquals(false, new NamePattern("[!]a]").matches("]"));
  }

  @Test
  void lettersAreWholeCharacters() {
    assertEquals(true, new NamePattern("?.txt").matches("\ud83d\udcef.txt"));
    assertEquals(true, new NamePattern("[\ud83d\udcef].txt").matches("\ud83d\udcef.txt"));
  }
}
