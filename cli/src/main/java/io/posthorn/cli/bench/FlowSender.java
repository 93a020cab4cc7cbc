package io.posthorn.cli.bench;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** Sends the data of one direction: as fast as the link takes it, or at a rate. */
final class FlowSender {
  private static final long LONGEST_NAP_NANOS = 50_000_000;

  private final BenchPlan plan;
  private final BenchLink link;
  private final long token;
  private final AtomicLong messages = new AtomicLong(); // written by one thread
  private volatile boolean stopped;
  private volatile long elapsedNanos;

  FlowSender(BenchPlan plan, BenchLink link, long token) {
    this.plan = plan;
    this.link = link;
    this.token = token;
  }

  /** Sends until the plan is done, or {@link #stop} is called. */
  void run() throws IOException {
    byte[] message = new byte[plan.messageBytes()];
    for (int at = BenchMessage.HEADER_BYTES; at < message.length; at++) {
      message[at] = (byte) at;
    }
    double nanosPerMessage =
        plan.bitsPerSecond() == 0 ? 0 : 8e9 * message.length / plan.bitsPerSecond();
    long most = plan.messages() == 0 ? Long.MAX_VALUE : plan.messages();
    long mostNanos = plan.seconds() == 0 ? Long.MAX_VALUE : (long) (plan.seconds() * 1e9);
    long startNanos = System.nanoTime();
    long sent = 0;
    long toldNanos = 0;
    while (!stopped && sent < most) {
      long nowNanos = System.nanoTime() - startNanos;
      if (nowNanos >= mostNanos) {
        break;
      }
      long dueNanos = (long) (sent * nanosPerMessage);
      if (dueNanos > nowNanos) {
        if (nowNanos - toldNanos >= BenchMessage.ALIVE_NANOS) {
          link.send(BenchMessage.control(BenchMessage.ALIVE, token, 0));
          toldNanos = nowNanos;
        }
        link.flush();
        long wait = Math.min(dueNanos, mostNanos) - nowNanos;
        LockSupport.parkNanos(Math.min(wait, LONGEST_NAP_NANOS));
        continue;
      }
      BenchMessage.write(message, BenchMessage.DATA, token, sent, startNanos + nowNanos);
      link.send(message);
      toldNanos = nowNanos;
      sent++;
      messages.setRelease(sent);
    }
    link.flush();
    elapsedNanos = System.nanoTime() - startNanos;
  }

  /** Sends no more. */
  void stop() {
    stopped = true;
  }

  /** Messages sent so far. */
  long messages() {
    return messages.getAcquire();
  }

  /** How long it sent; 0 until it has ended. */
  long elapsedNanos() {
    return elapsedNanos;
  }
}
