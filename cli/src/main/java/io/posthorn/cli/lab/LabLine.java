package io.posthorn.cli.lab;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One line of the talk between the two processes of a lab: a word, then {@code key=value} pairs,
 * with values percent-encoded so that a line stays one line.
 */
final class LabLine {
  private final String word;
  private final Map<String, String> fields = new LinkedHashMap<>();

  LabLine(String word) {
    this.word = word;
  }

  /**
   * Reads a line.
   *
   * @param line without its line end
   * @return the line's parts
   * @throws IllegalArgumentException if it is no such line
   */
  static LabLine parse(String line) {
    String[] parts = line.split(" ", -1);
    LabLine parsed = new LabLine(parts[0]);
    for (int at = 1; at < parts.length; at++) {
      int equals = parts[at].indexOf('=');
      if (equals <= 0) {
        throw new IllegalArgumentException("no key=value in the lab's line: " + line);
      }
      String value = parts[at].substring(equals + 1);
      parsed.put(parts[at].substring(0, equals), URLDecoder.decode(value, StandardCharsets.UTF_8));
    }
    return parsed;
  }

  String word() {
    return word;
  }

  LabLine put(String key, String value) {
    fields.put(key, value);
    return this;
  }

  LabLine put(String key, long value) {
    return put(key, Long.toString(value));
  }

  LabLine put(String key, double value) {
    return put(key, Double.toString(value));
  }

  String text(String key) {
    String value = find(key);
    if (value == null) {
      throw new IllegalArgumentException("no " + key + " in the lab's line: " + this);
    }
    return value;
  }

  @Nullable String find(String key) {
    return fields.get(key);
  }

  int integer(String key) {
    return Integer.parseInt(text(key));
  }

  long number(String key) {
    return Long.parseLong(text(key));
  }

  double real(String key) {
    return Double.parseDouble(text(key));
  }

  /** The line as it is sent, without its line end. */
  @Override
  public String toString() {
    StringBuilder line = new StringBuilder(word);
    for (Map.Entry<String, String> field : fields.entrySet()) {
      line.append(' ').append(field.getKey()).append('=');
      line.append(URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8));
    }
    return line.toString();
  }
}
