package io.posthorn.cli.files;

import java.util.Locale;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A pattern of names as of a shell, as {@link java.nio.file.FileSystem#getPathMatcher} has it:
 * {@code *} and {@code ?} stop at a slash, {@code **} does not; {@code [a-z]}, {@code [!a]} and
 * {@code {one,other}} choose; a backslash takes away a character's meaning. It is of text: the
 * matcher of the system takes a path as the locale spells it, which may have lost its letters.
 */
final class NamePattern {
  private static final int CASE =
      System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows")
          ? Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE
          : 0;

  private final String glob;
  private final StringBuilder regex = new StringBuilder();
  private final Pattern pattern;
  private int at;

  /**
   * Reads a pattern.
   *
   * @throws PatternSyntaxException if it is malformed
   */
  NamePattern(String glob) {
    this.glob = glob;
    boolean inChoice = false;
    while (at < glob.length()) {
      char c = glob.charAt(at++);
      if (c == '*') {
        any();
      } else if (c == '?') {
        regex.append("[^/]");
      } else if (c == '[') {
        oneOf();
      } else if (c == '{') {
        if (inChoice) {
          throw wrong("a choice within a choice");
        }
        inChoice = true;
        regex.append("(?:(?:");
      } else if (c == '}' && inChoice) {
        inChoice = false;
        regex.append("))");
      } else if (c == ',' && inChoice) {
        regex.append(")|(?:");
      } else {
        literal(c == '\\' ? escaped() : c);
      }
    }
    if (inChoice) {
      throw wrong("a { without its }");
    }
    pattern = Pattern.compile(regex.toString(), CASE | Pattern.DOTALL);
  }

  private PatternSyntaxException wrong(String what) {
    return new PatternSyntaxException(what, glob, at - 1);
  }

  private char escaped() {
    if (at == glob.length()) {
      throw wrong("a backslash with nothing behind it");
    }
    return glob.charAt(at++);
  }

  private void literal(char c) {
    if (c < 0x80 && !Character.isLetterOrDigit(c)) {
      regex.append('\\');
    }
    regex.append(c);
  }

  private void any() {
    boolean two = at < glob.length() && glob.charAt(at) == '*';
    at += two ? 1 : 0;
    regex.append(two ? ".*" : "[^/]*");
  }

  /** One character of some, never a slash. */
  private void oneOf() {
    regex.append("(?!/)[");
    if (at < glob.length() && glob.charAt(at) == '!') {
      regex.append('^');
      at++;
    }
    int first = at;
    while (at < glob.length() && (glob.charAt(at) != ']' || at == first)) {
      char c = glob.charAt(at++);
      if (c == '/') {
        throw wrong("a slash in brackets");
      }
      boolean range = c == '-' && at - 1 > first && at < glob.length() && glob.charAt(at) != ']';
      if (range) {
        regex.append('-');
      } else {
        literal(c);
      }
    }
    if (at == glob.length()) {
      throw wrong("a [ without its ]");
    }
    at++;
    regex.append(']');
  }

  /** Whether a name or path is of the pattern. */
  boolean matches(String name) {
    return pattern.matcher(name).matches();
  }
}
