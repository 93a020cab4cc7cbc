package io.posthorn.cli.proxy;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a proxy answers to an order from another program, as one line with tabs between its fields.
 *
 * @param kind the first field
 * @param fields the rest
 */
public record OrderAnswer(Kind kind, List<String> fields) {
  /** What the answer is. */
  public enum Kind {
    /** Done: up, down and cut before, and the same now. */
    DONE,
    /** The figures since the start: as a line, and in JSON. */
    STATISTICS,
    /** It ends. */
    QUIT,
    /** Not done: why. */
    WRONG
  }

  private static final int STATE_FIELDS = 3;

  /** An answer; what might end a field or the line is made harmless. */
  public static OrderAnswer of(Kind kind, String... fields) {
    return new OrderAnswer(kind, List.of(fields).stream().map(OrderAnswer::harmless).toList());
  }

  /** The answer to an order that was done. */
  public static OrderAnswer of(ProxyControl.Change change) {
    ProxyState before = change.before();
    ProxyState now = change.now();
    return of(
        Kind.DONE,
        before.up(),
        before.down(),
        String.valueOf(before.cut()),
        now.up(),
        now.down(),
        String.valueOf(now.cut()));
  }

  private static String harmless(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }

  /** As a line. */
  public String toLine() {
    return fields.isEmpty() ? kind.name() : kind + "\t" + String.join("\t", fields);
  }

  /** Reads a line; null if it is none. */
  public static @Nullable OrderAnswer ofLine(String line) {
    List<String> words = List.of(line.split("\t", -1));
    List<String> fields =
        words.subList(1, words.size()).stream().map(OrderAnswer::harmless).toList();
    for (Kind kind : Kind.values()) {
      int least = least(kind);
      if (kind.name().equals(words.get(0)) && fields.size() >= least) {
        return new OrderAnswer(kind, fields);
      }
    }
    return null;
  }

  private static int least(Kind kind) {
    return switch (kind) {
      case DONE -> 2 * STATE_FIELDS;
      case STATISTICS -> 2;
      case WRONG -> 1;
      case QUIT -> 0;
    };
  }

  /** How things were, of {@link Kind#DONE}. */
  public ProxyState before() {
    return state(0);
  }

  /** How things are, of {@link Kind#DONE}. */
  public ProxyState now() {
    return state(STATE_FIELDS);
  }

  private ProxyState state(int at) {
    return new ProxyState(
        fields.get(at), fields.get(at + 1), Boolean.parseBoolean(fields.get(at + 2)));
  }
}
