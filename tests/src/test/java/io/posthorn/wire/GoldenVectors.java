package io.posthorn.wire;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;

/** Reads the files of golden vectors; their format stands at the top of each. */
public final class GoldenVectors {
  private static final Pattern REPEATED = Pattern.compile("([0-9a-f]{1,2})\\*([0-9]+)");

  private GoldenVectors() {}

  /**
   * One vector.
   *
   * @param mark '=', '~' or '!'
   * @param hex the bytes in hexadecimal
   * @param reading what the bytes mean, repetitions spelled out
   */
  public record Vector(char mark, String hex, String reading, String line) {
    /** The bytes; a new array each time. */
    public byte[] bytes() {
      return HexFormat.of().parseHex(hex);
    }

    @Override
    public String toString() {
      return line;
    }
  }

  /** All vectors of a file. */
  public static List<Vector> of(String file) {
    try (InputStream in = GoldenVectors.class.getResourceAsStream("/vectors/" + file)) {
      if (in == null) {
        throw new AssertionError("no vectors " + file);
      }
      List<Vector> vectors = new ArrayList<>();
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n", -1)) {
        if (!line.isEmpty() && line.charAt(0) != '#') {
          int arrow = line.indexOf("->");
          String hex = spelledOut(line.substring(1, arrow)).replace(" ", "");
          String reading = spelledOut(line.substring(arrow + 2)).trim();
          vectors.add(new Vector(line.charAt(0), hex, reading, line));
        }
      }
      return vectors;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String spelledOut(String text) {
    return REPEATED
        .matcher(text)
        .replaceAll(match -> match.group(1).repeat(Integer.parseInt(match.group(2))));
  }
}
