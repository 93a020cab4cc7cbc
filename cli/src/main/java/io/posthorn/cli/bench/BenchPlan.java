package io.posthorn.cli.bench;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;

/**
 * What one stream is to carry, as both sides agree on it.
 *
 * @param up whether the client sends
 * @param down whether the server sends
 * @param messageBytes the size of each message, {@link BenchMessage#HEADER_BYTES} or more
 * @param seconds for how long is sent; 0 if the number of messages decides
 * @param messages how many are sent, 0 if the time decides
 * @param bitsPerSecond the rate of message bits, 0 for no limit
 * @param echo whether the server sends back what the client sends
 */
public record BenchPlan(
    boolean up,
    boolean down,
    int messageBytes,
    double seconds,
    long messages,
    double bitsPerSecond,
    boolean echo) {
  /** The largest message. */
  public static final int MOST_MESSAGE_BYTES = 1 << 20;

  /** The longest test: a day. */
  public static final double MOST_SECONDS = 86_400;

  /** The slowest link that tests are made for. */
  private static final double SLOWEST_BITS_PER_SECOND = 100e3;

  /** A plan in which nothing is sent back. */
  public BenchPlan(
      boolean up,
      boolean down,
      int messageBytes,
      double seconds,
      long messages,
      double bitsPerSecond) {
    this(up, down, messageBytes, seconds, messages, bitsPerSecond, false);
  }

  /** A plan in which all comes back that the client sends. */
  static BenchPlan echo(int messageBytes, long messages, double bitsPerSecond) {
    return new BenchPlan(true, false, messageBytes, 0, messages, bitsPerSecond, true);
  }

  /** Checks what a stranger may have asked for. */
  public BenchPlan {
    boolean sensible =
        (up || down)
            && !(echo && down)
            && messageBytes >= BenchMessage.HEADER_BYTES
            && messageBytes <= MOST_MESSAGE_BYTES
            && seconds >= 0
            && seconds <= MOST_SECONDS
            && messages >= 0
            && (seconds > 0 || messages > 0)
            && bitsPerSecond >= 0
            && bitsPerSecond <= 1e15;
    if (!sensible) {
      throw new IllegalArgumentException("no plan: a number is out of its range");
    }
  }

  /**
   * For how long an end may not be heard before it is given up: a message is heard when the whole
   * of it has come.
   *
   * @param least what would do for messages of no size
   */
  Duration patience(Duration least) {
    return least.plusNanos(slowNanos(messageBytes));
  }

  /** How long so many bytes take on a slow link. */
  static long slowNanos(int bytes) {
    return (long) (bytes * 8e9 / SLOWEST_BITS_PER_SECOND);
  }

  /** The plan in the words of the protocol. */
  byte[] toBytes() {
    return String.format(
            Locale.ROOT,
            "posthorn-bench 1 %s %d %.3f %d %.0f",
            echo ? "echo" : up && down ? "both" : up ? "up" : "down",
            messageBytes,
            seconds,
            messages,
            bitsPerSecond)
        .getBytes(StandardCharsets.US_ASCII);
  }

  /** Reads a plan; throws IllegalArgumentException if it is none. */
  static BenchPlan of(byte[] bytes, int from, int to) {
    String[] words =
        new String(bytes, from, to - from, StandardCharsets.US_ASCII).strip().split(" ", -1);
    if (words.length != 7 || !words[0].equals("posthorn-bench")) {
      throw new IllegalArgumentException("no plan");
    }
    if (!words[1].equals("1")) {
      throw new IllegalArgumentException(
          "version " + BenchMessage.harmless(words[1]) + " of the test's protocol is not known");
    }
    boolean both = words[2].equals("both");
    boolean echo = words[2].equals("echo");
    return new BenchPlan(
        echo || both || words[2].equals("up"),
        both || words[2].equals("down"),
        Integer.parseInt(words[3]),
        Double.parseDouble(words[4]),
        Long.parseLong(words[5]),
        Double.parseDouble(words[6]),
        echo);
  }
}
