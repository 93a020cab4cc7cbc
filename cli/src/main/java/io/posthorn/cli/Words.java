package io.posthorn.cli;

import io.posthorn.cli.files.SystemText;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The words of the command line as they were typed, and variables as they were set. The Java
 * runtime decodes them, and encodes names of files and of programs, by the locale ({@link
 * SystemText}): what is lost by that must not be sent.
 */
final class Words {
  /** What to do where the locale cannot hold a word. */
  static final String REMEDY = "run it with LC_ALL=C.UTF-8 in the environment";

  private Words() {}

  /** The words that this process was started with. */
  static String[] ofProcess(String[] words) throws Failure {
    return restored(words, read("/proc/self/cmdline"), SystemText.ofLocale());
  }

  /** Whether the locale of this process can hold a word that is handed to the system. */
  static boolean fit(String word) {
    return fit(word, SystemText.ofLocale());
  }

  static boolean fit(String word, Charset encoding) {
    return encoding.newEncoder().canEncode(word);
  }

  /**
   * The words, those that were lost on the way read again as UTF-8.
   *
   * @param words as the runtime decoded them
   * @param commandLine the bytes of the whole command, a zero after each word, or null
   * @param encoding what the runtime took them for
   */
  static String[] restored(String[] words, byte @Nullable [] commandLine, Charset encoding)
      throws Failure {
    if (List.of(words).stream().noneMatch(word -> word.indexOf(SystemText.LOST) >= 0)) {
      return words;
    }
    List<byte[]> all = commandLine == null ? List.of() : split(commandLine);
    int first = all.size() - words.length; // the runtime's own words come before
    String[] restored = new String[words.length];
    for (int i = 0; i < words.length; i++) {
      byte @Nullable [] bytes = first < 0 ? null : all.get(first + i);
      String word =
          bytes == null || !new String(bytes, encoding).equals(words[i])
              ? null
              : SystemText.ofUtf8(bytes);
      if (word == null) {
        throw new Failure(
            ExitCode.BAD_DATA,
            "the locale, whose encoding is " + encoding + ", cannot hold what was typed",
            REMEDY);
      }
      restored[i] = word;
    }
    return restored;
  }

  /** A variable of this process's environment as UTF-8; null if it is none, or not there. */
  static @Nullable String variableOfProcess(String name) {
    byte[] environment = read("/proc/self/environ");
    return environment == null ? null : variable(name, environment);
  }

  /**
   * As {@link #variableOfProcess}.
   *
   * @param environment variables as the system has them, a zero after each
   */
  static @Nullable String variable(String name, byte[] environment) {
    byte[] begin = (name + "=").getBytes(StandardCharsets.US_ASCII);
    for (byte[] each : split(environment)) {
      if (Arrays.mismatch(begin, each) == begin.length) {
        return SystemText.ofUtf8(Arrays.copyOfRange(each, begin.length, each.length));
      }
    }
    return null;
  }

  private static List<byte[]> split(byte[] commandLine) {
    List<byte[]> words = new ArrayList<>();
    int begin = 0;
    for (int at = 0; at < commandLine.length; at++) {
      if (commandLine[at] == 0) {
        words.add(Arrays.copyOfRange(commandLine, begin, at));
        begin = at + 1;
      }
    }
    return words;
  }

  private static byte @Nullable [] read(String file) {
    try {
      return Files.readAllBytes(Path.of(file));
    } catch (IOException elsewhere) {
      return null;
    }
  }
}
