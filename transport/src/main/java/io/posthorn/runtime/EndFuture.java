package io.posthorn.runtime;

import io.posthorn.CloseReport;
import io.posthorn.endpoint.EndpointEvent;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * How a connection ended, once it has: one future for all who ask, which none of them can complete
 * or cancel for the others. What is derived from it is an ordinary one, of whoever derives it.
 */
final class EndFuture extends DrivenFuture<CloseReport> {
  private final Function<EndpointEvent.Closed, CloseReport> toReport;

  EndFuture(SocketLoop driver, Function<EndpointEvent.Closed, CloseReport> toReport) {
    super(driver);
    this.toReport = toReport;
  }

  /** It has ended. */
  void end(EndpointEvent.Closed how) {
    super.complete(toReport.apply(how));
  }

  @Override
  public boolean complete(CloseReport value) {
    return false;
  }

  @Override
  public boolean completeExceptionally(Throwable failure) {
    return false;
  }

  @Override
  public boolean cancel(boolean mayInterrupt) {
    return false;
  }

  @Override
  public CompletableFuture<CloseReport> orTimeout(long timeout, TimeUnit unit) {
    return copy().orTimeout(timeout, unit);
  }

  @Override
  public CompletableFuture<CloseReport> completeOnTimeout(
      CloseReport value, long timeout, TimeUnit unit) {
    return copy().completeOnTimeout(value, timeout, unit);
  }

  @Override
  public CompletableFuture<CloseReport> completeAsync(
      Supplier<? extends CloseReport> supplier, Executor executor) {
    throw refusal();
  }

  @Override
  public void obtrudeValue(CloseReport value) {
    throw refusal();
  }

  @Override
  public void obtrudeException(Throwable failure) {
    throw refusal();
  }

  private static UnsupportedOperationException refusal() {
    return new UnsupportedOperationException("others wait for it too: use a copy()");
  }
}
