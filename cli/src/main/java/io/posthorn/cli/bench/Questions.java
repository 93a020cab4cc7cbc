package io.posthorn.cli.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Questions of one end of a flow and their answers; over a lossy link they are repeated. Over a
 * reliable one a question may wait behind much data: signs of life follow it until the answer.
 */
final class Questions {
  private static final long FIRST_WAIT_NANOS = 200_000_000;
  private static final long LONGEST_WAIT_NANOS = 1_000_000_000;

  private final BenchLink link;
  private final Map<Byte, byte[]> answers = new HashMap<>();
  private @Nullable IOException end;
  private long heardNanos = Long.MIN_VALUE;

  Questions(BenchLink link) {
    this.link = link;
  }

  /** The other end lives, and works on what was sent before: patience begins anew. */
  synchronized void onHeard(long nowNanos) {
    heardNanos = nowNanos;
  }

  /** An answer came. */
  synchronized void onAnswer(byte[] message) {
    answers.put(BenchMessage.type(message), message);
    notifyAll();
  }

  /** None will come any more. */
  synchronized void onEnd(IOException why) {
    if (end == null) {
      end = why;
    }
    notifyAll();
  }

  /**
   * Asks and waits for an answer.
   *
   * @param timeout since the question, and since the other end was heard last
   * @param refusal the type of another answer that ends the waiting, or 0
   * @return null if there was none in time
   * @throws IOException if the link ended
   */
  byte @Nullable [] ask(byte[] question, byte answer, byte refusal, Duration timeout)
      throws IOException, InterruptedException {
    long askedNanos = System.nanoTime();
    long waitNanos = FIRST_WAIT_NANOS;
    boolean asked = false;
    while (true) {
      if (!asked || !link.isReliable()) {
        link.send(question);
        link.flush();
        asked = true;
      } else {
        // Without room for it much is on its way to the other end, and shows the same.
        long token = BenchMessage.token(question);
        var unused = link.trySend(BenchMessage.control(BenchMessage.ALIVE, token, 0));
      }
      long endNanos = endNanos(askedNanos, timeout);
      byte[] got = await(answer, refusal, Math.min(System.nanoTime() + waitNanos, endNanos));
      if (got != null || System.nanoTime() >= endNanos(askedNanos, timeout)) {
        return got;
      }
      waitNanos = Math.min(waitNanos * 3 / 2, LONGEST_WAIT_NANOS);
    }
  }

  private synchronized long endNanos(long askedNanos, Duration timeout) {
    return Math.max(askedNanos, heardNanos) + timeout.toNanos();
  }

  private synchronized byte @Nullable [] await(byte answer, byte refusal, long untilNanos)
      throws IOException, InterruptedException {
    while (true) {
      byte[] got = answers.get(answer);
      if (got == null) {
        got = answers.get(refusal);
      }
      if (got != null) {
        return got;
      }
      if (end != null) {
        throw end;
      }
      long leftMillis = (untilNanos - System.nanoTime() + 999_999) / 1_000_000;
      if (leftMillis <= 0) {
        return null;
      }
      wait(leftMillis);
    }
  }
}
