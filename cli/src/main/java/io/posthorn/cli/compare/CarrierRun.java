package io.posthorn.cli.compare;

import io.posthorn.cli.session.ConnectionEnd;
import java.io.IOException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends the messages of a schedule through a carrier and notes what arrives.
 *
 * <p>The calling thread receives; a second one sends each message when it is due, or as soon after
 * as the transport lets it. The run ends when everything has arrived, when nothing more can come,
 * or when the timeout has passed since the last message was due. The carrier is closed then. A run
 * whose log is told to end its sending waits only a moment for what was sent by then.
 */
public final class CarrierRun {
  private static final long RECEIVE_SLICE_NANOS = 20_000_000L;

  /** So long may messages take that are under way when a run is cut short. */
  private static final long CUT_SHORT_NANOS = 1_000_000_000L;

  private final Carrier carrier;
  private final MessageSchedule schedule;
  private final int messageBytes;
  private final DeliveryLog log;
  private final long startNanos = System.nanoTime();
  private volatile boolean stopped;
  private volatile @Nullable IOException sendFailure;

  private CarrierRun(Carrier carrier, MessageSchedule schedule, int messageBytes, DeliveryLog log) {
    this.carrier = carrier;
    this.schedule = schedule;
    this.messageBytes = messageBytes;
    this.log = log;
  }

  /**
   * Runs a schedule to its end.
   *
   * @param carrier the transport, open; closed on return
   * @param schedule when messages are due
   * @param messageBytes the size of each
   * @param timeoutNanos how long to wait after the last was due
   * @param nothingUnderWay whether the network holds nothing that could still arrive; ends the run
   *     of a carrier that does not send again
   * @param log where arrivals are noted
   * @return how many retransmissions the carrier counted, and why the run ended early, if it did
   * @throws InterruptedException if the calling thread is interrupted
   */
  public static Outcome run(
      Carrier carrier,
      MessageSchedule schedule,
      int messageBytes,
      long timeoutNanos,
      BooleanSupplier nothingUnderWay,
      DeliveryLog log)
      throws InterruptedException {
    CarrierRun run = new CarrierRun(carrier, schedule, messageBytes, log);
    Thread sender = new Thread(run::sendAll, "posthorn-compare-sender");
    sender.setDaemon(true);
    sender.start();
    String failure = "";
    long retransmissions = Carrier.UNKNOWN;
    try {
      run.receiveAll(sender, timeoutNanos, nothingUnderWay);
    } catch (IOException ended) {
      failure = reason(ended);
    }
    try {
      retransmissions = carrier.retransmissions();
    } catch (IOException unreadable) {
      failure = failure.isEmpty() ? reason(unreadable) : failure;
    }
    IOException sendFailure = run.sendFailure;
    if (failure.isEmpty() && sendFailure != null) {
      failure = reason(sendFailure);
    }
    run.stopped = true;
    LockSupport.unpark(sender);
    try {
      carrier.close();
    } catch (IOException closing) {
      failure = failure.isEmpty() ? reason(closing) : failure;
    }
    sender.join();
    return new Outcome(retransmissions, failure);
  }

  /**
   * Runs a plan's schedule to its end, and tells now and then how far it is.
   *
   * @param carrier the transport, open; closed on return
   * @param plan the messages
   * @param timeoutNanos how long to wait after the last was due
   * @param nothingUnderWay whether the network holds nothing that could still arrive
   * @param log where arrivals are noted
   * @param progress told how many messages were sent and delivered, by a thread of its own
   * @return as without telling
   * @throws InterruptedException if the calling thread is interrupted
   */
  public static Outcome run(
      Carrier carrier,
      ComparePlan plan,
      long timeoutNanos,
      BooleanSupplier nothingUnderWay,
      DeliveryLog log,
      BiConsumer<Integer, Integer> progress)
      throws InterruptedException {
    ProgressClock clock = ProgressClock.start(log, progress);
    try {
      return run(carrier, plan.schedule(), plan.messageBytes(), timeoutNanos, nothingUnderWay, log);
    } finally {
      clock.close();
    }
  }

  private static String reason(IOException exception) {
    String message = ConnectionEnd.words(exception);
    return message.isEmpty() ? exception.getClass().getSimpleName() : message;
  }

  private void sendAll() {
    TestMessage writer = new TestMessage(messageBytes);
    byte[] message = new byte[messageBytes];
    for (int index = 0; index < schedule.count(); index++) {
      long dueNanos = schedule.dueNanos(index);
      writer.write(message, 0, index, dueNanos);
      for (long wait = dueNanos - elapsedNanos();
          wait > 0 && !isToStop();
          wait = dueNanos - elapsedNanos()) {
        LockSupport.parkNanos(this, wait);
      }
      if (isToStop()) {
        return;
      }
      try {
        carrier.send(message, messageBytes);
      } catch (IOException failed) {
        if (!stopped) {
          sendFailure = failed;
        }
        return;
      }
      log.onSent();
    }
  }

  private boolean isToStop() {
    return stopped || log.isSendingEnded();
  }

  private void receiveAll(Thread sender, long timeoutNanos, BooleanSupplier nothingUnderWay)
      throws IOException {
    TestMessage reader = new TestMessage(messageBytes);
    // One byte more, so that a message which is too long is seen to be so.
    byte[] message = new byte[messageBytes + 1];
    long endNanos = schedule.lastDueNanos() + timeoutNanos;
    boolean cutShort = false;
    while (true) {
      if (!cutShort && log.isSendingEnded()) {
        cutShort = true;
        endNanos = Math.min(endNanos, elapsedNanos() + CUT_SHORT_NANOS);
        LockSupport.unpark(sender);
      }
      long leftNanos = endNanos - elapsedNanos();
      if (leftNanos <= 0) {
        return;
      }
      // The network first, the receiver last, or what arrives in between would be left there.
      boolean quiet = !sender.isAlive() && noMoreWillBeSent() && nothingUnderWay.getAsBoolean();
      int lengthBytes = carrier.receive(message, Math.min(leftNanos, RECEIVE_SLICE_NANOS));
      if (lengthBytes != Carrier.NOTHING) {
        note(reader.index(message, 0, lengthBytes));
      }
      if ((quiet && lengthBytes == Carrier.NOTHING) || (!sender.isAlive() && isWhole())) {
        return;
      }
    }
  }

  /** Whether the carrier sends nothing again, now that the sender is through. */
  private boolean noMoreWillBeSent() {
    return !carrier.resends() || sendFailure != null;
  }

  /** Whether everything has come, and nothing comes twice. */
  private boolean isWhole() {
    return carrier.resends() && log.lost() == 0;
  }

  private void note(int index) {
    if (index == TestMessage.CORRUPTED) {
      log.onCorrupted();
    } else {
      log.onArrived(index, elapsedNanos());
    }
  }

  private long elapsedNanos() {
    return System.nanoTime() - startNanos;
  }

  /**
   * How a run ended.
   *
   * @param retransmissions what the carrier counted, or {@link Carrier#UNKNOWN}
   * @param failure why it ended early; empty if it did not
   */
  public record Outcome(long retransmissions, String failure) {}
}
