package io.posthorn.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** Any message of a speed test: a plan is sensible or refused, text is harmless to a terminal. */
public final class BenchMessageFuzz {
  private BenchMessageFuzz() {}

  /** Takes a message. */
  public static void fuzzerTestOneInput(byte[] message) {
    BenchMessage.isPadded(message);
    if (BenchMessage.type(message) == 0) {
      return;
    }
    BenchMessage.token(message);
    BenchMessage.sequence(message);
    BenchMessage.sentNanos(message);
    String text = BenchMessage.text(message);
    assertEquals(true, text.chars().allMatch(c -> c >= ' ' && c <= '~'), "control characters");
    FlowReport report = FlowReport.of(message);
    report.plus(report).minus(report);
    try {
      BenchPlan plan = BenchPlan.of(message, BenchMessage.HEADER_BYTES, message.length);
      byte[] words = plan.toBytes();
      if (plan.seconds() >= 0.001 || plan.messages() > 0) { // else it is rounded to nothing
        BenchPlan.of(words, 0, words.length);
      }
    } catch (IllegalArgumentException refused) {
      assertEquals(false, String.valueOf(refused.getMessage()).isBlank());
    }
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    byte[] plan = new BenchPlan(true, false, 1_000, 1.5, 0, 1e6).toBytes();
    return List.of(
        BenchMessage.padded(BenchMessage.REQUEST, 0, plan),
        BenchMessage.padded(
            BenchMessage.START, 5, new BenchPlan(true, true, 65_536, 0, 100, 0).toBytes()),
        BenchMessage.refusal("busy"),
        BenchMessage.control(BenchMessage.DATA, 5, 7, "body".getBytes(StandardCharsets.US_ASCII)),
        BenchMessage.control(BenchMessage.REPORT, 5, 7, FlowReport.NONE.toBytes()),
        BenchMessage.control(BenchMessage.END, 5, 7));
  }
}
