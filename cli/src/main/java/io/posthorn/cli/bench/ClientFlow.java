package io.posthorn.cli.bench;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** One stream at the client. */
final class ClientFlow implements BenchLink.Sink {
  /** For how long a server may take nothing, or say nothing if messages were of no size. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** After the last datagram: what is under way may still come in. */
  private static final long SETTLE_MILLIS = 200;

  private final BenchPlan plan;
  private final BenchLink link;
  private final Questions questions;
  private final FlowReceiver receiver = new FlowReceiver();
  private final Object ended = new Object();
  private volatile long token;
  private volatile @Nullable FlowSender sender;
  private volatile boolean stopped;
  private volatile boolean stalled;
  private volatile boolean peerEnded;
  private volatile long peerSent;
  private volatile long heardNanos = System.nanoTime();
  private boolean started;
  private volatile @Nullable FlowReport peerReport;
  private volatile @Nullable IOException linkEnd;

  ClientFlow(BenchPlan plan, BenchLink link) {
    this.plan = plan;
    this.link = link;
    this.questions = new Questions(link);
  }

  @Override
  public void onMessage(byte[] message) {
    heardNanos = System.nanoTime();
    questions.onHeard(heardNanos);
    switch (BenchMessage.type(message)) {
      case BenchMessage.DATA -> receiver.onData(message, heardNanos);
      case BenchMessage.END -> onPeerEnd(message);
      case BenchMessage.STARTED -> onStarted(message);
      case BenchMessage.READY, BenchMessage.REFUSED, BenchMessage.REPORT ->
          questions.onAnswer(message);
      default -> {} // not of this test
    }
  }

  private void onStarted(byte[] message) {
    if (!started) {
      started = true;
      receiver.begin(heardNanos);
    }
    questions.onAnswer(message);
  }

  private void onPeerEnd(byte[] message) {
    peerSent = BenchMessage.sequence(message);
    try {
      link.send(BenchMessage.control(BenchMessage.REPORT, token, 0, receiver.report().toBytes()));
      link.flush();
    } catch (IOException gone) {
      onEnd(gone);
    }
    synchronized (ended) {
      peerEnded = true;
      ended.notifyAll();
    }
  }

  @Override
  public void onEnd(IOException why) {
    linkEnd = why;
    questions.onEnd(why);
    synchronized (ended) {
      ended.notifyAll();
    }
  }

  /** Asks the server for the test. */
  void request(Duration timeout, String server) throws IOException, InterruptedException {
    token = new Admission(plan, questions, server).request(timeout);
    sender = new FlowSender(plan, link, token);
  }

  /** Has the server begin. */
  void start(String server) throws IOException, InterruptedException {
    new Admission(plan, questions, server).start(token);
  }

  /** Sends, receives, and waits until both have ended and been told of. */
  void run(String server) throws IOException, InterruptedException {
    try {
      exchange(server);
    } catch (IOException failed) {
      if (!stalled) {
        throw failed;
      }
      throw new BenchException(
          BenchException.Kind.SILENT,
          "the server at " + server + " has taken nothing for " + PATIENCE.toSeconds() + " s");
    }
  }

  /** Gives up on a server that takes nothing of what is sent: {@link #run} would wait for ever. */
  void endIfStalled(long nowNanos) {
    if (link.blockedNanos(nowNanos) >= PATIENCE.toNanos()) {
      stalled = true;
      link.close();
    }
  }

  private void exchange(String server) throws IOException, InterruptedException {
    FlowSender mine = sender;
    if (mine != null && plan.up()) {
      mine.run();
      if (!link.isReliable()) {
        Thread.sleep(SETTLE_MILLIS);
      }
      byte[] end = BenchMessage.control(BenchMessage.END, token, mine.messages());
      byte[] answer = questions.ask(end, BenchMessage.REPORT, (byte) 0, patience());
      if (answer == null) {
        throw silent(server);
      }
      peerReport = FlowReport.of(answer);
    }
    if (plan.down()) {
      awaitPeerEnd(server);
    }
  }

  private void awaitPeerEnd(String server) throws IOException, InterruptedException {
    long nextAliveNanos = System.nanoTime();
    while (!peerEnded) {
      IOException gone = linkEnd;
      if (gone != null) {
        throw gone;
      }
      long now = System.nanoTime();
      if (now - heardNanos > patience().toNanos()) {
        throw silent(server);
      }
      if (now >= nextAliveNanos) {
        link.send(BenchMessage.control(stopped ? BenchMessage.STOP : BenchMessage.ALIVE, token, 0));
        link.flush();
        nextAliveNanos = now + (stopped ? BenchMessage.ALIVE_NANOS / 5 : BenchMessage.ALIVE_NANOS);
      }
      synchronized (ended) {
        if (!peerEnded) {
          ended.wait(Math.max(1, Math.min(100, (nextAliveNanos - now) / 1_000_000)));
        }
      }
    }
  }

  private Duration patience() {
    return plan.patience(PATIENCE);
  }

  private BenchException silent(String server) {
    return new BenchException(
        BenchException.Kind.SILENT,
        "nothing heard from the server at " + server + " for " + patience().toSeconds() + " s");
  }

  /** Ends the test before its time; {@link #run} goes on until the figures are told. */
  void stop() {
    stopped = true;
    FlowSender mine = sender;
    if (mine != null) {
      mine.stop();
    }
  }

  /** Messages sent so far. */
  long sent() {
    FlowSender mine = sender;
    return mine == null ? 0 : mine.messages();
  }

  long sentElapsedNanos() {
    FlowSender mine = sender;
    return mine == null ? 0 : mine.elapsedNanos();
  }

  /** What the server says that came of what was sent; null until it has. */
  @Nullable FlowReport peerReport() {
    return peerReport;
  }

  /** What counts what comes. */
  FlowReceiver receiver() {
    return receiver;
  }

  /** What came so far. */
  FlowReport received() {
    return receiver.report();
  }

  /** How many messages the server says that it sent; 0 until it has. */
  long peerSent() {
    return peerSent;
  }

  LinkState state() {
    return link.state();
  }

  void close() {
    link.close();
  }
}
