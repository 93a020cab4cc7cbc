package io.posthorn.vectors;

import io.posthorn.cli.JsonText;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * What all vector files have in common: one vector a line, and given values that anyone can draw.
 */
public final class VectorText {
  /** Above this, a JSON number is not the same everywhere (RFC 8259 §6). */
  private static final long LARGEST_NUMBER = (1L << 53) - 1;

  private final List<String> members = new ArrayList<>();

  /** A file of lists, each under its name. */
  public VectorText() {}

  /** Adds a list: one vector a line. */
  public VectorText list(String name, List<JsonText> vectors) {
    StringBuilder text = new StringBuilder(" \"").append(name).append("\": [\n  ");
    text.append(String.join(",\n  ", vectors.stream().map(JsonText::toString).toList()));
    members.add(text.append("\n ]").toString());
    return this;
  }

  @Override
  public String toString() {
    return "{\n" + String.join(",\n", members) + "\n}\n";
  }

  /** An integer: a number, or its decimal digits as a string where a number is not exact. */
  static JsonText integer(JsonText to, String name, long value) {
    return value <= LARGEST_NUMBER ? to.put(name, value) : to.put(name, Long.toString(value));
  }

  /** Bytes in hexadecimal. */
  public static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  static String hex(byte[] bytes, int from, int length) {
    return HexFormat.of().formatHex(bytes, from, from + length);
  }

  static String id(long connectionId) {
    return "%016x".formatted(connectionId);
  }

  /** A given value: the first bytes of the SHA-256 of its name. */
  public static byte[] given(String name, int length) {
    try {
      MessageDigest hash = MessageDigest.getInstance("SHA-256");
      return Arrays.copyOf(hash.digest(name.getBytes(StandardCharsets.US_ASCII)), length);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
