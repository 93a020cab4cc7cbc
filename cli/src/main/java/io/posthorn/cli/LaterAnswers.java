package io.posthorn.cli;

import io.posthorn.Connection;
import io.posthorn.Delivery;
import io.posthorn.Message;
import io.posthorn.cli.session.Application;
import io.posthorn.cli.session.SessionControl;
import java.io.IOException;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Answers that a {@code posthorn doctor} asked for after some time, to find out how long the way
 * stays open while nothing passes (cli/SESSIONS.md §3). Safe for all threads.
 */
final class LaterAnswers {
  private static final int MOST_WAITING = 256;

  private final AtomicInteger waiting = new AtomicInteger();
  private @Nullable Timer clock;

  /** Takes such a question; false if the message is none. */
  boolean take(Connection from, Message message) {
    if (Application.of(from) != Application.DOCTOR
        || !(SessionControl.parse(message.bytes()) instanceof SessionControl.Later later)) {
      return false;
    }
    if (waiting.incrementAndGet() > MOST_WAITING) {
      waiting.decrementAndGet();
      return true;
    }
    clock()
        .schedule(
            new TimerTask() {
              @Override
              public void run() {
                waiting.decrementAndGet();
                answer(from, later);
              }
            },
            later.millis());
    return true;
  }

  private synchronized Timer clock() {
    Timer timer = clock;
    if (timer == null) {
      timer = new Timer("posthorn-later", true);
      clock = timer;
    }
    return timer;
  }

  private static void answer(Connection to, SessionControl.Later later) {
    try {
      Message answer =
          to.message()
              .channel(SessionControl.CONTROL_CHANNEL)
              .delivery(Delivery.RELIABLE_ORDERED)
              .body(later.toBytes());
      var unused = to.trySend(answer);
    } catch (IOException gone) {
      Thread.onSpinWait(); // whoever asked does not wait any more
    }
  }
}
