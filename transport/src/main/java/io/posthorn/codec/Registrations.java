package io.posthorn.codec;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a codec puts on the wire: its format and, by id, each class with its fields. Two sides that
 * connect compare {@link #fingerprint}s; where they differ, one sends its {@link #toString} and the
 * other says by {@link #describeDifference} which class is to blame. Immutable.
 */
public final class Registrations {
  /** Characters of a text that {@link #parse} reads at most: some 2,000 classes of 100 each. */
  public static final int TEXT_LIMIT_CHARS = 1 << 18;

  /** Class ids lie below, so a text cannot hold more lines. */
  private static final int ID_LIMIT = 1 << 14;

  /** Characters of the other side's text that an error message repeats. */
  private static final int QUOTED_CHARS = 200;

  private final String format;
  private final SortedMap<Integer, String> classes;

  private Registrations(String format, SortedMap<Integer, String> classes) {
    this.format = format;
    this.classes = Collections.unmodifiableSortedMap(new TreeMap<>(classes));
  }

  /** Registrations of a codec without classes, known by its name. */
  static Registrations ofFormat(String format) {
    return new Registrations(format, new TreeMap<>());
  }

  /** Registrations by id: the class name and what is written of it, on one line without breaks. */
  static Registrations of(String format, SortedMap<Integer, String> classes) {
    Registrations registrations = new Registrations(format, classes);
    int chars = registrations.toString().length();
    if (chars > TEXT_LIMIT_CHARS) {
      throw new IllegalArgumentException(
          "registrations of "
              + chars
              + " characters; the other side reads "
              + TEXT_LIMIT_CHARS
              + ": register fewer classes");
    }
    return registrations;
  }

  /**
   * Reads what {@link #toString} wrote, perhaps on another machine.
   *
   * @param text at most {@value #TEXT_LIMIT_CHARS} characters
   * @return the registrations
   * @throws CodecException when the text is none
   */
  public static Registrations parse(String text) throws CodecException {
    if (text.length() > TEXT_LIMIT_CHARS) {
      throw new CodecException.TooLarge(
          "registrations of "
              + text.length()
              + " characters; the limit is "
              + TEXT_LIMIT_CHARS
              + " characters");
    }
    Iterator<String> lines = text.lines().iterator();
    String format = lines.hasNext() ? lines.next() : "";
    if (format.isBlank()) {
      throw new CodecException.Malformed("registrations without a format line");
    }
    SortedMap<Integer, String> classes = new TreeMap<>();
    while (lines.hasNext()) {
      String line = lines.next();
      int space = line.indexOf(' ');
      int id = parseId(line, Math.max(space, 0));
      if (classes.put(id, line.substring(space + 1)) != null) {
        throw new CodecException.Malformed("registrations that hold class id " + id + " twice");
      }
    }
    return new Registrations(format, classes);
  }

  private static int parseId(String line, int end) throws CodecException {
    try {
      int id = Integer.parseInt(line, 0, end, 10);
      if (id >= 0 && id < ID_LIMIT) {
        return id;
      }
    } catch (NumberFormatException e) {
      throw new CodecException.Malformed("registrations with a line that has no class id", e);
    }
    throw new CodecException.Malformed("registrations with a class id beyond " + ID_LIMIT);
  }

  /**
   * The SHA-256 of {@link #toString} in UTF-8.
   *
   * @return a new array of 32 bytes
   */
  public byte[] fingerprint() {
    try {
      return MessageDigest.getInstance("SHA-256")
          .digest(toString().getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  /**
   * Names the first difference, in the order of class ids.
   *
   * @param other the registrations of the other side
   * @return a sentence that says what is "here" and what is "there", or nothing when both are equal
   */
  public Optional<String> describeDifference(Registrations other) {
    if (!format.equals(other.format)) {
      return Optional.of(
          "the codecs differ: here " + quoted(format) + ", there " + quoted(other.format));
    }
    TreeSet<Integer> ids = new TreeSet<>(classes.keySet());
    ids.addAll(other.classes.keySet());
    for (int id : ids) {
      String here = describe(classes, id);
      String there = describe(other.classes, id);
      if (!here.equals(there)) {
        return Optional.of(
            "class id " + id + " differs: here " + quoted(here) + ", there " + quoted(there));
      }
    }
    return Optional.empty();
  }

  private static String describe(SortedMap<Integer, String> classes, int id) {
    String found = classes.get(id);
    return found == null ? "nothing is registered" : found;
  }

  /**
   * Text of the other side, cut short and without control characters that a terminal would obey.
   */
  private static String quoted(String text) {
    StringBuilder clean = new StringBuilder();
    int chars = Math.min(text.length(), QUOTED_CHARS);
    for (int i = 0; i < chars; i++) {
      char c = text.charAt(i);
      int type = Character.getType(c);
      boolean hostile =
          type == Character.CONTROL || type == Character.FORMAT || Character.isSurrogate(c);
      clean.append(hostile ? '?' : c);
    }
    return chars < text.length() ? clean.append('…').toString() : clean.toString();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Registrations that
        && format.equals(that.format)
        && classes.equals(that.classes);
  }

  @Override
  public int hashCode() {
    return 31 * format.hashCode() + classes.hashCode();
  }

  /**
   * The registrations as text: the format on the first line, then a line for each class with its
   * id, its name and its fields.
   *
   * @return text that {@link #parse} reads
   */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(format).append('\n');
    for (Map.Entry<Integer, String> entry : classes.entrySet()) {
      text.append(entry.getKey()).append(' ').append(entry.getValue()).append('\n');
    }
    return text.toString();
  }
}
