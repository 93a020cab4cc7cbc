package io.posthorn.cli.session;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What the two ends of a session say to each other beside their bytes (cli/SESSIONS.md §3): words
 * and numbers in ASCII, with one space between.
 *
 * <p>Bytes and control travel on different channels, which keep no order between each other. So
 * both kinds of end count the messages that belong before them.
 */
public sealed interface SessionControl {
  /** The channel of the bytes, in both directions. */
  int DATA_CHANNEL = 0;

  /** The channel of what a child writes to standard error. */
  int ERROR_CHANNEL = 62;

  /** The channel of these messages. */
  int CONTROL_CHANNEL = 63;

  /** The longest one. */
  int LARGEST_BYTES = 64;

  /** The largest exit status. */
  int LARGEST_STATUS = 255;

  /**
   * No more bytes come from this side: {@code end N}.
   *
   * @param messages sent on {@link #DATA_CHANNEL} in all
   */
  record End(long messages) implements SessionControl {
    @Override
    public String words() {
      return "end " + messages;
    }
  }

  /**
   * The child has ended: {@code exit STATUS N M}.
   *
   * @param status 0 to 255; 128 + n if signal n ended it
   * @param messages sent on {@link #DATA_CHANNEL} in all
   * @param errorMessages sent on {@link #ERROR_CHANNEL} in all
   */
  record Exit(int status, long messages, long errorMessages) implements SessionControl {
    @Override
    public String words() {
      return "exit " + status + " " + messages + " " + errorMessages;
    }
  }

  /**
   * Send this back after some time: {@code later MILLIS}.
   *
   * @param millis how long, up to {@link #MOST_MILLIS}
   */
  record Later(long millis) implements SessionControl {
    /** The longest time. */
    public static final long MOST_MILLIS = 600_000;

    @Override
    public String words() {
      return "later " + millis;
    }
  }

  /** As text. */
  String words();

  /** As it is sent. */
  default byte[] toBytes() {
    return words().getBytes(StandardCharsets.US_ASCII);
  }

  /** Reads what came; null for anything that is not one of these. */
  static @Nullable SessionControl parse(byte[] bytes) {
    if (bytes.length > LARGEST_BYTES) {
      return null;
    }
    String[] words = new String(bytes, StandardCharsets.ISO_8859_1).split(" ", -1);
    if (words.length == 2 && words[0].equals("end")) {
      long messages = number(words[1]);
      return messages < 0 ? null : new End(messages);
    }
    if (words.length == 2 && words[0].equals("later")) {
      long millis = number(words[1]);
      return millis < 0 || millis > Later.MOST_MILLIS ? null : new Later(millis);
    }
    if (words.length == 4 && words[0].equals("exit")) {
      long status = number(words[1]);
      long messages = number(words[2]);
      long errors = number(words[3]);
      return status < 0 || status > LARGEST_STATUS || messages < 0 || errors < 0
          ? null
          : new Exit((int) status, messages, errors);
    }
    return null;
  }

  /** A number of up to 18 digits; -1 for anything else. */
  private static long number(String digits) {
    boolean legal =
        !digits.isEmpty()
            && digits.length() <= 18
            && digits.chars().allMatch(c -> c >= '0' && c <= '9');
    return legal ? Long.parseLong(digits) : -1;
  }
}
