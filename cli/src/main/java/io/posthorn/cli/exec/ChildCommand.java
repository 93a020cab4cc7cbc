package io.posthorn.cli.exec;

import java.util.ArrayList;
import java.util.List;

/**
 * The program that is started for each client.
 *
 * @param words the program and its arguments
 */
public record ChildCommand(List<String> words) {
  /** The variable in which the program itself is given a secret; no child inherits it. */
  public static final String SECRET_VARIABLE = "POSTHORN_SECRET";

  /**
   * A command for the shell.
   *
   * @param text given to {@code /bin/sh -c} as it is
   */
  public static ChildCommand ofShell(String text) {
    return new ChildCommand(List.of("/bin/sh", "-c", text));
  }

  /**
   * A program with arguments, with no shell between: spaces separate, quotes and the backslash keep
   * what they enclose.
   *
   * @throws IllegalArgumentException if there is no word or a quote is not closed
   */
  public static ChildCommand of(String text) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    boolean inWord = false;
    char quote = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\' && quote != '\'' && i + 1 < text.length()) {
        word.append(text.charAt(++i));
        inWord = true;
      } else if (quote != 0) {
        if (c == quote) {
          quote = 0;
        } else {
          word.append(c);
        }
      } else if (c == '"' || c == '\'') {
        quote = c;
        inWord = true;
      } else if (c == ' ' || c == '\t') {
        if (inWord) {
          words.add(word.toString());
          word.setLength(0);
          inWord = false;
        }
      } else {
        word.append(c);
        inWord = true;
      }
    }
    if (quote != 0) {
      throw new IllegalArgumentException("a quote is not closed");
    }
    if (inWord) {
      words.add(word.toString());
    }
    if (words.isEmpty()) {
      throw new IllegalArgumentException("there is no command");
    }
    return new ChildCommand(List.copyOf(words));
  }
}
