package io.posthorn.cli;

import io.posthorn.CloseReport;
import io.posthorn.Connection;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** A connection that closes while the command can still be interrupted. */
final class Closing {
  private final CompletableFuture<CloseReport> report = new CompletableFuture<>();

  private Closing(Connection connection, Duration linger) {
    Thread thread =
        new Thread(
            () -> {
              try {
                report.complete(connection.close(linger));
              } catch (RuntimeException fault) {
                report.completeExceptionally(fault);
              }
            },
            "posthorn-closing");
    thread.setDaemon(true);
    thread.start();
  }

  /** Begins to close; what was sent may take so long to be acknowledged. */
  static Closing of(Connection connection, Duration linger) {
    return new Closing(connection, linger);
  }

  /** Waits for the end. */
  CloseReport await() throws InterruptedException {
    try {
      return report.get();
    } catch (ExecutionException fault) {
      throw new IllegalStateException("closing failed", fault.getCause());
    }
  }
}
