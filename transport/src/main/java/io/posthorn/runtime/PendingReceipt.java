package io.posthorn.runtime;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.wire.CloseReason;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The fate of one message. Written under the driver's lock; the outcome may be read without.
 * Futures are made when somebody asks, so that a receipt that nobody looks at costs one object.
 */
public final class PendingReceipt {
  private final SocketLoop driver;
  private final InetSocketAddress peer;
  private long connection;
  private final boolean confirmRequested;

  private volatile @Nullable ReceiptOutcome outcome;
  private @Nullable CloseReason reason;
  private boolean mayHaveArrived;
  private @Nullable Boolean processed;
  private @Nullable DrivenFuture<PendingReceipt> settledFuture;
  private @Nullable DrivenFuture<Boolean> processedFuture;

  /**
   * @param connection handle, or {@link Endpoint#NO_CONNECTION} if the message goes by address
   */
  public PendingReceipt(
      SocketLoop driver, InetSocketAddress peer, long connection, boolean confirmRequested) {
    this.driver = driver;
    this.peer = peer;
    this.connection = connection;
    this.confirmRequested = confirmRequested;
  }

  /** The message, which went by address, was taken for this connection; with the lock. */
  void takenFor(long handle) {
    connection = handle;
  }

  /** Where the message goes. */
  public InetSocketAddress peer() {
    return peer;
  }

  /** Whether the receiver was asked to confirm. */
  public boolean isConfirmRequested() {
    return confirmRequested;
  }

  /** The outcome, or null as long as there is none. */
  public @Nullable ReceiptOutcome outcome() {
    return outcome;
  }

  /** Why the connection ended, with {@link ReceiptOutcome#CLOSED}; valid once settled. */
  public @Nullable CloseReason reason() {
    return outcome == null ? null : reason;
  }

  /** Whether the peer may have the message; valid once settled. */
  public boolean mayHaveArrived() {
    return outcome == null || mayHaveArrived;
  }

  /**
   * Waits for the outcome.
   *
   * @return whether it came in time
   */
  public boolean await(long timeoutNanos) throws InterruptedIOException {
    if (outcome != null) {
      return true;
    }
    return driver.waiting.until(() -> outcome != null, timeoutNanos);
  }

  /** Gives the message up; answers whether it was still to be had. */
  public boolean cancel() {
    return driver.locked(
        () -> {
          if (outcome != null || !driver.life.isOpen()) {
            return false;
          }
          long now = driver.clock.now();
          boolean cancelled = driver.endpoint.cancel(connection, peer, this, now);
          driver.afterInput(now);
          return cancelled;
        });
  }

  /** Completes with this receipt when it is settled, never exceptionally. */
  public CompletableFuture<PendingReceipt> settledFuture() {
    return driver.locked(
        () -> {
          DrivenFuture<PendingReceipt> future = settledFuture;
          if (future == null) {
            future = new DrivenFuture<>(driver);
            settledFuture = future;
            if (outcome != null) {
              future.complete(this); // nobody can depend on it yet: no foreign code runs here
            }
          }
          return future;
        });
  }

  /** Completes with true when the receiver confirms, with false when that can no longer happen. */
  public CompletableFuture<Boolean> processedFuture() {
    return driver.locked(
        () -> {
          DrivenFuture<Boolean> future = processedFuture;
          if (future == null) {
            future = new DrivenFuture<>(driver);
            processedFuture = future;
            Boolean known = processed;
            if (known != null) {
              future.complete(known);
            }
          }
          return future;
        });
  }

  void settle(ReceiptOutcome how, @Nullable CloseReason why, boolean perhaps) {
    if (outcome != null) {
      throw new IllegalStateException("settled twice: " + outcome + ", then " + how);
    }
    reason = why;
    mayHaveArrived = perhaps;
    outcome = how;
    DrivenFuture<PendingReceipt> future = settledFuture;
    if (future != null) {
      driver.later(() -> future.complete(this));
    }
    if (!confirmRequested || how != ReceiptOutcome.ACKNOWLEDGED) {
      confirmed(false);
    }
  }

  /** Notes the receiver's answer; only the first counts. */
  void confirmed(boolean yes) {
    if (processed != null) {
      return;
    }
    processed = yes;
    DrivenFuture<Boolean> future = processedFuture;
    if (future != null) {
      driver.later(() -> future.complete(yes));
    }
  }

  /** Whether the receiver's confirmation may still come. */
  boolean isUnconfirmed() {
    return processed == null;
  }

  /** Handle of the connection that the message went to, in plain mode none; with the lock. */
  long connection() {
    return connection;
  }
}
