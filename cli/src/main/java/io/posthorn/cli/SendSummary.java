package io.posthorn.cli;

import io.posthorn.AddressText;
import io.posthorn.CloseReport;
import io.posthorn.Outcome;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * The end of a reliable {@code send}: what was acknowledged, what not, and the exit status.
 *
 * @param peer where to
 * @param messages how many were sent
 * @param bytes their bytes
 * @param replies how many came back
 * @param stopped whether a signal ended it
 * @param report what the connection says
 * @param tracked whether each message had a receipt
 * @param receipts what the receipts say, if there were any
 */
record SendSummary(
    InetSocketAddress peer,
    long messages,
    long bytes,
    long replies,
    boolean stopped,
    CloseReport report,
    boolean tracked,
    ReceiptLog receipts) {

  /** Prints it and answers the exit status; the failure to deliver is thrown. */
  int print(Output output) throws Failure {
    tell(output);
    if (stopped) {
      return ExitCode.OK.status();
    }
    if (!report.isComplete()) {
      throw undelivered();
    }
    long expired = receipts.count(Outcome.Kind.EXPIRED);
    if (expired > 0) {
      throw new Failure(
          ExitCode.TRY_AGAIN,
          expired + " of " + messages + " messages grew too old before they were acknowledged",
          "give them more time with --expires");
    }
    return ExitCode.OK.status();
  }

  /** Prints it. */
  void tell(Output output) {
    long expired = receipts.count(Outcome.Kind.EXPIRED);
    if (output.isJson()) {
      output.note(
          new JsonText()
              .beginObject()
              .beginObject("summary")
              .put("mode", "reliable")
              .put("messages", messages)
              .put("bytes", bytes)
              .put("acknowledged", acknowledged())
              .put("unacknowledged", unacknowledged())
              .put("expired", expired)
              .put("superseded", receipts.count(Outcome.Kind.SUPERSEDED))
              .put("lost", receipts.count(Outcome.Kind.LOST))
              .put("replies", replies)
              .endObject()
              .endObject());
    } else {
      output.note(text(expired));
    }
  }

  // The report counts what is reliable alone.
  private long acknowledged() {
    return tracked ? receipts.count(Outcome.Kind.ACKNOWLEDGED) : report.acknowledged();
  }

  private long unacknowledged() {
    return tracked ? receipts.count(Outcome.Kind.CLOSED) : report.unacknowledged();
  }

  private String text(long expired) {
    List<String> rest = new ArrayList<>();
    add(rest, unacknowledged(), "not acknowledged");
    add(rest, expired, "expired");
    add(rest, receipts.count(Outcome.Kind.SUPERSEDED), "superseded");
    add(rest, receipts.count(Outcome.Kind.LOST), "lost");
    return (stopped ? "stopped after " : "sent ")
        + Quantity.counted(messages, "message")
        + ", "
        + Quantity.counted(bytes, "byte")
        + ", to "
        + AddressText.of(peer)
        + (rest.isEmpty() ? ", all acknowledged" : ": " + String.join(", ", rest));
  }

  private static void add(List<String> to, long count, String what) {
    if (count > 0) {
      to.add(count + " " + what);
    }
  }

  private Failure undelivered() {
    String at = AddressText.of(peer);
    String what =
        Quantity.counted(report.unacknowledged(), "message")
            + (report.unacknowledged() == 1 ? " was" : " were")
            + " not acknowledged and may not have arrived: ";
    return switch (report.cause()) {
      case IDLE_TIMEOUT ->
          new Failure(
              ExitCode.TRY_AGAIN,
              what + "nothing was heard from " + at + " any more",
              "check the peer and the way to it, and send again");
      case NO_ANSWER ->
          new Failure(
              ExitCode.TRY_AGAIN,
              what + at + " has never answered",
              "check the peer and the way to it, and send again");
      case PEER_RESTARTED ->
          new Failure(ExitCode.TRY_AGAIN, what + at + " restarted", "send again");
      case APPLICATION, REFUSED ->
          new Failure(
              ExitCode.TRY_AGAIN,
              what + at + " closed the connection" + words(),
              "see why the other side ended, and send again");
      case IDENTITY ->
          new Failure(
              ExitCode.REFUSED,
              what + "the identity of " + at + " was refused",
              "make sure whom you talk to");
      case SECURITY, PROTOCOL, LIMIT ->
          new Failure(
              ExitCode.PROTOCOL,
              what + "the two sides do not agree (" + report.cause() + ")" + words(),
              "check the versions of both sides");
      case SOCKET_CLOSED -> new Failure(ExitCode.TRY_AGAIN, what + "the socket was closed", "");
      case INTERNAL ->
          new Failure(
              ExitCode.INTERNAL, what + "a fault of the implementation" + words(), "report it");
    };
  }

  private String words() {
    return report.text().isEmpty() ? "" : " (\"" + TextSafety.visible(report.text()) + "\")";
  }
}
