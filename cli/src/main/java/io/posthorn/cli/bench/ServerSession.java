package io.posthorn.cli.bench;

import io.posthorn.cli.session.ConnectionEnd;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One stream at the server. */
final class ServerSession {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration SILENCE = Duration.ofSeconds(10);
  private static final long SETTLE_MILLIS = 200;

  private final BenchPlan plan;
  private final BenchLink link;
  private final long token;
  private final String client;
  private final Questions questions;
  private final SignsOfLife signsOfLife;
  private final FlowReceiver receiver = new FlowReceiver();
  private final FlowSender sender;
  private final EchoQueue echo;
  private final Consumer<ServerSession> whenOver;
  private boolean receivedAll;
  private boolean sentAll;
  private boolean over;
  private boolean reporting;
  private volatile long clientSent = -1;
  private volatile long heardNanos = System.nanoTime();
  private volatile @Nullable FlowReport clientReport;
  private volatile String trouble = "";

  ServerSession(
      BenchPlan plan,
      BenchLink link,
      long token,
      String client,
      EchoQueue echo,
      Consumer<ServerSession> whenOver) {
    this.plan = plan;
    this.link = link;
    this.token = token;
    this.client = client;
    this.whenOver = whenOver;
    this.questions = new Questions(link);
    this.signsOfLife = new SignsOfLife(link);
    this.sender = new FlowSender(plan, link, token);
    this.echo = echo;
    this.receivedAll = !plan.up();
    this.sentAll = !plan.down();
  }

  /** The client asks for the beginning; over plain datagrams maybe more than once. */
  void onStart() {
    heardNanos = System.nanoTime();
    receiver.begin(heardNanos);
  }

  /** Begins to send, if it is to. */
  void start() {
    if (plan.echo()) {
      echo.start();
    }
    if (plan.down()) {
      Thread thread = new Thread(this::sendAll, "posthorn-bench-sender");
      thread.setDaemon(true);
      thread.start();
    }
  }

  private void sendAll() {
    try {
      sender.run();
      if (!link.isReliable()) {
        Thread.sleep(SETTLE_MILLIS);
      }
      byte[] end = BenchMessage.control(BenchMessage.END, token, sender.messages());
      byte[] answer = questions.ask(end, BenchMessage.REPORT, (byte) 0, plan.patience(PATIENCE));
      if (answer == null) {
        trouble = "the client fell silent";
      } else {
        clientReport = FlowReport.of(answer);
      }
    } catch (IOException gone) {
      trouble = gone(gone);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    ended(false);
  }

  void onMessage(byte[] message) {
    heardNanos = System.nanoTime();
    questions.onHeard(heardNanos);
    switch (BenchMessage.type(message)) {
      case BenchMessage.DATA -> onData(message);
      case BenchMessage.END -> onClientEnd(message);
      case BenchMessage.REPORT -> questions.onAnswer(message);
      case BenchMessage.STOP -> sender.stop();
      default -> {} // ALIVE, or nothing of this test
    }
  }

  private void onData(byte[] message) {
    receiver.onData(message, heardNanos);
    if (plan.echo() && !echo.offer(message) && link.isReliable()) {
      trouble = "the client does not read what comes back";
    }
    // Data under way is a sign itself, and may have to wait until the client is read from.
    if (!plan.echo() && hasSentAll()) {
      try {
        signsOfLife.onData(token, heardNanos);
      } catch (IOException gone) {
        trouble = gone(gone);
      }
    }
  }

  private void onClientEnd(byte[] message) {
    echo.close();
    if (reporting) {
      return; // over a reliable link one question is enough
    }
    clientSent = BenchMessage.sequence(message);
    byte[] report =
        BenchMessage.control(BenchMessage.REPORT, token, 0, receiver.report().toBytes());
    try {
      if (!link.isReliable()) {
        var unused = link.trySend(report); // whoever misses it asks again
      } else if (!hasSentAll() || !link.trySend(report)) {
        reporting = true;
        reportBehindData(report);
        return;
      }
    } catch (IOException gone) {
      trouble = gone(gone);
    }
    ended(true);
  }

  /** What goes to the client may fill the link: the figures wait for room, and nobody for them. */
  private void reportBehindData(byte[] report) {
    Thread thread =
        new Thread(
            () -> {
              try {
                link.send(report);
                link.flush();
              } catch (IOException gone) {
                trouble = gone(gone);
              }
              ended(true);
            },
            "posthorn-bench-report");
    thread.setDaemon(true);
    thread.start();
  }

  /** The link has ended. */
  void onEnd(IOException why) {
    echo.close();
    questions.onEnd(why);
    sender.stop();
    boolean early;
    synchronized (this) {
      early = !receivedAll;
    }
    if (early) {
      trouble = gone(why);
      ended(true);
    }
  }

  /**
   * Gives up on a client that is not heard any more, or takes nothing of what is sent to it;
   * answers whether it did.
   */
  boolean endIfStuck(long nowNanos) {
    Duration patience = plan.patience(SILENCE);
    boolean silent = nowNanos - heardNanos >= patience.toNanos();
    if (!silent && link.blockedNanos(nowNanos) < SILENCE.toNanos()) {
      return false;
    }
    onEnd(
        new IOException(
            silent
                ? "not heard for " + patience.toSeconds() + " s"
                : "it took nothing for " + SILENCE.toSeconds() + " s"));
    link.close(); // or a thread that sends to it would wait for ever
    return true;
  }

  private void ended(boolean receiving) {
    boolean tell;
    synchronized (this) {
      receivedAll |= receiving;
      sentAll |= !receiving;
      tell = receivedAll && sentAll && !over;
      over |= tell;
    }
    if (tell) {
      whenOver.accept(this);
    }
  }

  /** Whether nothing of its own is under way: the client has told what came of that. */
  private synchronized boolean hasSentAll() {
    return sentAll;
  }

  synchronized boolean isOver() {
    return over;
  }

  boolean isPlain() {
    return !link.isReliable();
  }

  long token() {
    return token;
  }

  BenchPlan plan() {
    return plan;
  }

  String client() {
    return client;
  }

  /** What came from the client. */
  FlowReport received() {
    return receiver.report();
  }

  /** How many the client says that it sent; negative if it never said. */
  long clientSent() {
    return clientSent;
  }

  long sent() {
    return sender.messages();
  }

  long sentElapsedNanos() {
    return sender.elapsedNanos();
  }

  /** What the client says that came of what was sent to it. */
  @Nullable FlowReport clientReport() {
    return clientReport;
  }

  /** What went wrong; empty if nothing did. */
  String trouble() {
    return trouble;
  }

  /** What happened, without the library's advice to programmers. */
  private static String gone(IOException why) {
    return "the client is gone: " + ConnectionEnd.words(why);
  }
}
