package io.posthorn.cli.bench;

import io.posthorn.cli.JsonText;
import io.posthorn.cli.PercentText;
import java.util.Locale;

/**
 * What came of the data of one direction: {@code sent = unique + lost}.
 *
 * @param sent messages sent
 * @param sentNanos how long was sent
 * @param messageBytes the size of each
 * @param lost messages that never came
 * @param received what the receiver says
 */
public record DirectionResult(
    long sent, long sentNanos, int messageBytes, long lost, FlowReport received) {
  /** The result of a sender's and a receiver's words. */
  static DirectionResult of(long sent, long sentNanos, int messageBytes, FlowReport received) {
    // A receiver cannot have got more different ones than were sent, whatever it says.
    long unique = Math.max(0, Math.min(received.unique(), sent));
    FlowReport honest =
        new FlowReport(
            unique,
            unique * messageBytes,
            Math.max(0, received.duplicates()),
            Math.max(0, received.outOfOrder()),
            sent - unique,
            Math.max(0, received.jitterNanos()),
            Math.max(0, received.elapsedNanos()));
    return new DirectionResult(sent, sentNanos, messageBytes, sent - unique, honest);
  }

  /** Several streams as one, that began together. */
  public DirectionResult plus(DirectionResult that) {
    return new DirectionResult(
        sent + that.sent,
        Math.max(sentNanos, that.sentNanos),
        messageBytes,
        lost + that.lost,
        received.plus(that.received));
  }

  /** The same in another time. */
  DirectionResult lasting(long nanos) {
    return new DirectionResult(sent, nanos, messageBytes, lost, received.lasting(nanos));
  }

  /** Message bits a second that arrived. */
  public double bitsPerSecond() {
    long nanos = Math.max(received.elapsedNanos(), sentNanos);
    return nanos == 0 ? 0 : received.bytes() * 8e9 / nanos;
  }

  /** Share of the messages that never came, in percent. */
  public double lossPercent() {
    return sent == 0 ? 0 : 100.0 * lost / sent;
  }

  /** In words. */
  public String text() {
    return String.format(
        Locale.ROOT,
        "%s in %.1f s, %s; %d sent = %d received + %d lost (%s %%), %d duplicate%s, %d out of"
            + " order, jitter %s",
        BenchUnits.bytes((double) received.bytes()),
        Math.max(received.elapsedNanos(), sentNanos) / 1e9,
        BenchUnits.rate(bitsPerSecond()),
        sent,
        received.unique(),
        lost,
        PercentText.of(lossPercent()),
        received.duplicates(),
        received.duplicates() == 1 ? "" : "s",
        received.outOfOrder(),
        BenchUnits.millis(received.jitterNanos()));
  }

  JsonText write(JsonText json) {
    return json.put("sent", sent)
        .put("sentBytes", sent * messageBytes)
        .put("received", received.unique())
        .put("receivedBytes", received.bytes())
        .put("lost", lost)
        .put("lossPercent", lossPercent())
        .put("duplicates", received.duplicates())
        .put("outOfOrder", received.outOfOrder())
        .put("jitterMs", received.jitterNanos() / 1e6)
        .put("seconds", Math.max(received.elapsedNanos(), sentNanos) / 1e9)
        .put("bitsPerSecond", bitsPerSecond());
  }
}
