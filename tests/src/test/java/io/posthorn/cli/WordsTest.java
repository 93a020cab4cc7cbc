package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Words of the command line that the locale's encoding cannot hold. */
class WordsTest {
  private static final Charset C_LOCALE = StandardCharsets.US_ASCII;

  private static byte[] commandLine(String... words) {
    return (String.join("\0", words) + "\0").getBytes(StandardCharsets.UTF_8);
  }

  /** What the runtime makes of words in the locale C. */
  private static String[] decoded(String... words) {
    return Arrays.stream(words)
        .map(word -> new String(word.getBytes(StandardCharsets.UTF_8), C_LOCALE))
        .toArray(String[]::new);
  }

  @Test
  void wordsThatWereDecodedWellStayAsTheyAre() throws Failure {
    String[] words = {"send", "localhost:9", "plain", ""};
    assertSame(words, Words.restored(words, null, C_LOCALE));
  }

  @Test
  void wordsThatTheLocaleCannotHoldAreReadAgainAsUtf8() throws Failure {
    String[] meant = {"send", "localhost:9", "gr\u00f6\u00dfe", "", "\u6f22 \ud83d\ude00"};
    byte[] line = commandLine("/usr/bin/java", "-jar", "posthorn.jar", meant[0], meant[1]);
    byte[] rest = commandLine(meant[2], meant[3], meant[4]);
    byte[] whole = Arrays.copyOf(line, line.length + rest.length);
    System.arraycopy(rest, 0, whole, line.length, rest.length);
    assertArrayEquals(meant, Words.restored(decoded(meant), whole, C_LOCALE));
  }

  /** What the runtime leaves of a secret in another script, a row of one character, is guessed. */
  @Test
  void aVariableIsReadAsUtf8() {
    String secret = "\u79d8\u5bc6\u306e\u8a00\u8449";
    byte[] environment = commandLine("A=b", "OF_A_SECRET=c", "A_SECRET=" + secret, "A_SECRETS=d");
    assertEquals(secret, Words.variable("A_SECRET", environment));
    assertNull(Words.variable("SECRET", environment));
    assertNull(Words.variable("A", commandLine()));
    byte[] latin = "A=gr\u00f6\u00dfe\0".getBytes(StandardCharsets.ISO_8859_1);
    assertNull(Words.variable("A", latin));
  }

  @Test
  void aSecretOfWhichCharactersAreLostIsNone() throws Failure {
    assertThrows(Failure.class, () -> IdentityFlags.whole("\ufffd\ufffd\ufffd".toCharArray()));
    char[] good = "\u79d8\u5bc6".toCharArray();
    assertSame(good, IdentityFlags.whole(good));
  }

  @Test
  void wordsThatCannotBeReadAgainAreRefusedWithTheRemedy() {
    String[] damaged = decoded("send", "localhost:9", "gr\u00f6\u00dfe");
    assertRefused(damaged, null); // no such file on this system
    assertRefused(damaged, commandLine("java", "send", "localhost:9", "other")); // not this line
    assertRefused(damaged, commandLine("gr\u00f6\u00dfe")); // shorter than the words
    byte[] latin =
        "java\0send\0localhost:9\0gr\u00f6\u00dfe\0".getBytes(StandardCharsets.ISO_8859_1);
    assertRefused(
        new String[] {
          "send", "localhost:9", new String(new byte[] {'g', 'r', -10, -33, 'e'}, C_LOCALE)
        },
        latin); // no UTF-8
  }

  private static void assertRefused(String[] words, byte[] commandLine) {
    Failure failure =
        assertThrows(Failure.class, () -> Words.restored(words, commandLine, C_LOCALE));
    assertEquals(ExitCode.BAD_DATA, failure.code());
    assertTrue(failure.remedy().contains("LC_ALL=C.UTF-8"), failure.remedy());
  }

  @Test
  void whatIsHandedToTheSystemMustFitTheLocale() {
    assertTrue(Words.fit("plain", C_LOCALE));
    assertFalse(Words.fit("gr\u00f6\u00dfe", C_LOCALE));
    assertTrue(Words.fit("gr\u00f6\u00dfe", StandardCharsets.UTF_8));
  }
}
