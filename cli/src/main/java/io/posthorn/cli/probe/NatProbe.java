package io.posthorn.cli.probe;

import io.posthorn.Connection;
import io.posthorn.MessageSocket;
import io.posthorn.cli.session.Application;
import io.posthorn.cli.session.SessionControl;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.LongConsumer;

/**
 * Finds for how long the way from a peer stays open while nothing passes: what an address
 * translator or a firewall with memory allows (RFC 4787 §4.3 asks for 2 minutes). A connection from
 * a port of its own for each time that is tried, all at once: on each the peer is asked to say
 * something after that time, and this side is silent meanwhile.
 */
public final class NatProbe {
  /** The longest time that can be tried, shorter than any connection's own keep-alive. */
  public static final Duration LONGEST = Duration.ofMinutes(4);

  private static final int[] LADDER_SECONDS = {1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180};

  /** An answer may have been lost and be sent again. */
  private static final long GRACE_NANOS = 3_000_000_000L;

  private static final long EARLY_NANOS = 500_000_000L;

  /** Opens a reliable socket whose connections are silent when nothing is said. */
  public interface Opener {
    /** Opens it. */
    MessageSocket open(Duration handshakeTimeout) throws Exception;
  }

  /**
   * What was found.
   *
   * @param understood whether the peer knows the question; the rest means nothing if not
   * @param kept the longest time after which an answer came; zero if none did
   * @param lost the shortest after which none did; zero if all came
   */
  public record Result(boolean understood, Duration kept, Duration lost) {}

  /** One time that is tried. */
  private static final class Trial {
    final long seconds;
    final MessageSocket socket;
    long askedNanos;
    long answeredNanos;
    boolean answered;

    Trial(long seconds, MessageSocket socket) {
      this.seconds = seconds;
      this.socket = socket;
    }

    long dueNanos() {
      return askedNanos + seconds * 1_000_000_000L;
    }

    boolean isTooEarly() {
      return answered && answeredNanos - dueNanos() < -EARLY_NANOS;
    }
  }

  private final InetSocketAddress peer;
  private final Duration patience;
  private final Opener opener;
  private final List<Trial> trials = new ArrayList<>();

  /**
   * A probe of the way to a peer.
   *
   * @param patience how long it may take to answer where a connection begins
   */
  public NatProbe(InetSocketAddress peer, Duration patience, Opener opener) {
    this.peer = peer;
    this.patience = patience;
    this.opener = opener;
  }

  /**
   * Tries times up to a limit; takes as long as that and a few seconds, or less where short times
   * are too long already.
   *
   * @param limit whole seconds, at most {@link #LONGEST}
   * @param progress is told the seconds that are left at most
   */
  public Result search(Duration limit, LongConsumer progress) throws Exception {
    TreeSet<Long> ladder = new TreeSet<>();
    for (int seconds : LADDER_SECONDS) {
      ladder.add(Math.min(seconds, limit.toSeconds()));
    }
    ladder.add(limit.toSeconds());
    try {
      for (long seconds : ladder) {
        if (!ask(seconds)) {
          return new Result(false, Duration.ZERO, Duration.ZERO);
        }
      }
      await(progress);
      return result();
    } finally {
      for (Trial trial : trials) {
        trial.socket.close(Duration.ZERO);
      }
    }
  }

  private boolean ask(long seconds) throws Exception {
    Trial trial = new Trial(seconds, opener.open(patience));
    trials.add(trial);
    Connection connection = trial.socket.connect(peer);
    if (Application.of(connection) != Application.LISTEN) {
      return false;
    }
    SessionControl question = new SessionControl.Later(seconds * 1_000);
    trial.askedNanos = System.nanoTime();
    trial.socket.onMessage(message -> onAnswer(trial));
    connection.send(
        connection.message().channel(SessionControl.CONTROL_CHANNEL).body(question.toBytes()));
    return true;
  }

  private synchronized void onAnswer(Trial trial) {
    trial.answered = true;
    trial.answeredNanos = System.nanoTime();
    notifyAll();
  }

  private synchronized void await(LongConsumer progress) throws InterruptedException {
    while (true) {
      long nowNanos = System.nanoTime();
      long untilNanos = 0;
      int missed = 0;
      for (Trial trial : trials) {
        if (trial.isTooEarly()) {
          return;
        }
        if (!trial.answered) {
          long left = trial.dueNanos() + GRACE_NANOS - nowNanos;
          missed += left <= 0 ? 1 : 0;
          untilNanos = Math.max(untilNanos, left);
        }
      }
      if (untilNanos <= 0 || missed >= 2) {
        return;
      }
      progress.accept(untilNanos / 1_000_000_000L);
      wait(Math.min(1_000, untilNanos / 1_000_000 + 1));
    }
  }

  private synchronized Result result() throws IOException {
    long kept = 0;
    long lost = 0;
    for (Trial trial : trials) { // in ascending order
      if (trial.isTooEarly()) {
        return new Result(false, Duration.ZERO, Duration.ZERO);
      }
      if (trial.answered) {
        kept = trial.seconds;
      } else if (lost == 0) {
        lost = trial.seconds;
      }
    }
    return new Result(true, Duration.ofSeconds(kept), Duration.ofSeconds(lost));
  }
}
