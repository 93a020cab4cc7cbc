package io.posthorn.cli.bench;

import io.posthorn.cli.TimeText;
import java.io.IOException;
import java.time.Duration;

/** How a client gets a stream from a server: it asks for it, and once it may, begins. */
final class Admission {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final BenchPlan plan;
  private final Questions questions;
  private final String server;

  /**
   * An admission that was not asked for yet.
   *
   * @param server its name in errors
   */
  Admission(BenchPlan plan, Questions questions, String server) {
    this.plan = plan;
    this.questions = questions;
    this.server = server;
  }

  /** Asks the server for the stream; answers its token. */
  long request(Duration timeout) throws IOException, InterruptedException {
    byte[] answer =
        questions.ask(
            BenchMessage.padded(BenchMessage.REQUEST, 0, plan.toBytes()),
            BenchMessage.READY,
            BenchMessage.REFUSED,
            timeout);
    if (answer == null) {
      throw new BenchException(
          BenchException.Kind.NO_ANSWER,
          "no bench server answers at " + server + " in " + TimeText.of(timeout));
    }
    requireNoRefusal(answer);
    return BenchMessage.token(answer);
  }

  /** Has the server begin. */
  void start(long token) throws IOException, InterruptedException {
    byte[] answer =
        questions.ask(
            BenchMessage.padded(BenchMessage.START, token, plan.toBytes()),
            BenchMessage.STARTED,
            BenchMessage.REFUSED,
            PATIENCE);
    if (answer == null) {
      throw new BenchException(
          BenchException.Kind.SILENT,
          "the server at " + server + " fell silent before the test began");
    }
    requireNoRefusal(answer);
  }

  private void requireNoRefusal(byte[] answer) throws BenchException {
    if (BenchMessage.type(answer) == BenchMessage.REFUSED) {
      throw new BenchException(
          BenchException.Kind.REFUSED,
          "the server at " + server + " refuses: " + BenchMessage.text(answer));
    }
  }
}
