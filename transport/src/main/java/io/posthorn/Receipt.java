package io.posthorn;

import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.runtime.PendingReceipt;
import io.posthorn.runtime.SocketClock;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * The fate of one message that was sent; ends in exactly one {@link Outcome}. In plain mode that is
 * {@link Outcome.Kind#UNKNOWN}, at once.
 *
 * <pre>{@code
 * Message.Draft draft = Message.to(peer).channel(3).expiresAfter(Duration.ofSeconds(20));
 * Receipt receipt = socket.send(draft.body("soon, or not at all"));
 * Outcome outcome = receipt.acknowledged().join();
 * if (outcome.kind() != Outcome.Kind.ACKNOWLEDGED) {
 *   throw new IOException("not delivered: " + outcome);
 * }
 * }</pre>
 *
 * <p>Futures complete on a thread of the socket's own, never on the I/O thread and under no lock.
 * They may be waited for inside a message handler, and inside what depends on another of them,
 * which completes others meanwhile; so may futures derived from them. But what {@code
 * CompletableFuture.allOf} and {@code anyOf} make of them is no such future: waiting for it there
 * never ends, as the socket stands still meanwhile. Wait for one after the other, or for what
 * {@code thenCombine} makes of two.
 */
public final class Receipt {
  private final PendingReceipt pending;

  Receipt(PendingReceipt pending) {
    this.pending = pending;
  }

  /** Completes with the outcome, whatever it is; never exceptionally. */
  public CompletableFuture<Outcome> acknowledged() {
    return pending.settledFuture().thenApply(Receipt::outcomeOf);
  }

  /** The outcome, or null as long as there is none. */
  public @Nullable Outcome outcome() {
    return pending.outcome() == null ? null : outcomeOf(pending);
  }

  /**
   * Waits for the outcome.
   *
   * @return null if there is none after this time
   * @throws InterruptedIOException if the thread is interrupted; the message stays on its way and
   *     the interrupt status set
   */
  public @Nullable Outcome await(Duration timeout) throws InterruptedIOException {
    return pending.await(SocketClock.nanos(timeout)) ? outcomeOf(pending) : null;
  }

  /**
   * Gives the message up: what has not been sent is not sent any more, and lost parts do not go
   * again. The receipt ends in {@link Outcome.Kind#CANCELLED}, and its outcome says whether the
   * message may have arrived all the same.
   *
   * @return false if it is too late: the receipt has its outcome already, or the message is ordered
   *     and stands whole in its channel's stream, so that it will arrive
   */
  public boolean cancel() {
    return pending.cancel();
  }

  /**
   * Completes when the receiving application calls {@link Message#confirm}. Completes
   * exceptionally, with a {@link TransportException}, when that can no longer happen or was never
   * asked for by {@code Message.to(peer).confirm(true)}; with the receipt's outcome, if the message
   * is unreliable.
   */
  public CompletableFuture<Void> processed() {
    return pending
        .processedFuture()
        .thenApply(
            yes -> {
              if (!yes) {
                throw new CompletionException(neverProcessed());
              }
              return null;
            });
  }

  private TransportException neverProcessed() {
    String what = "no confirmation from " + AddressText.of(pending.peer()) + " will come: ";
    if (!pending.isConfirmRequested()) {
      return new TransportException(
          pending.peer(),
          what + "the sender did not ask for it, or the message was unreliable",
          "send it reliably, with confirm(true)");
    }
    return pending.outcome() == ReceiptOutcome.UNKNOWN
        ? new TransportException(
            pending.peer(), what + "plain mode knows nothing of the peer", "use Mode.RELIABLE")
        : new TransportException(
            pending.peer(),
            what + "the message or its connection ended first; it may have been processed",
            "");
  }

  private static Outcome outcomeOf(PendingReceipt settled) {
    ReceiptOutcome outcome = settled.outcome();
    if (outcome == null) {
      throw new IllegalStateException("not settled");
    }
    return Endings.outcome(outcome, settled.reason(), settled.mayHaveArrived());
  }

  @Override
  public String toString() {
    Outcome outcome = outcome();
    return "Receipt[" + (outcome == null ? "pending" : outcome.toString()) + "]";
  }
}
