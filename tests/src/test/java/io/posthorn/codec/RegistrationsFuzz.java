package io.posthorn.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** What a peer says of its classes: registrations that can be compared and told, or none. */
public final class RegistrationsFuzz {
  private static final Registrations OWN = parsed("kryo 1\n10 a.Person name age\n11 a.Order\n");
  private static final int LONGEST_SENTENCE_CHARS = 600;

  private RegistrationsFuzz() {}

  /** Takes a text. */
  public static void fuzzerTestOneInput(byte[] input) {
    Registrations theirs;
    try {
      theirs = Registrations.parse(new String(input, StandardCharsets.UTF_8));
    } catch (CodecException none) {
      return;
    }
    assertEquals(Optional.empty(), theirs.describeDifference(parsed(theirs.toString())));
    for (Optional<String> sentence :
        List.of(OWN.describeDifference(theirs), theirs.describeDifference(OWN))) {
      String text = sentence.orElse("");
      assertTrue(text.length() <= LONGEST_SENTENCE_CHARS, text);
      assertTrue(text.chars().noneMatch(Character::isISOControl), text);
    }
  }

  private static Registrations parsed(String text) {
    try {
      return Registrations.parse(text);
    } catch (CodecException e) {
      throw new AssertionError(text, e);
    }
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    return List.of(
        bytes(OWN.toString()),
        bytes("kryo 1\n"),
        bytes("kryo 2\n10 a.Person name age\n"),
        bytes("kryo 1\n10 a.Person name\u001b[2J age\u202e\n"),
        bytes("kryo 1\n10\n"),
        bytes("kryo 1\n10 x\n10 y\n"),
        bytes("kryo 1\n16384 x\n"),
        bytes("kryo 1\r10 " + "x".repeat(1_000)));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
