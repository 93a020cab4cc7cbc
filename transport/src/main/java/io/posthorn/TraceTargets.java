package io.posthorn;

import io.posthorn.protocol.EndpointTrace;
import io.posthorn.trace.FanOut;
import io.posthorn.trace.FlightRecorderEvents;
import io.posthorn.trace.KeyLogFile;
import io.posthorn.trace.QlogFile;
import io.posthorn.trace.TraceListener;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Who is told what happens in reliable mode, beside the flight recorder when that runs. */
final class TraceTargets {
  private final @Nullable Path qlogFile;
  private final @Nullable TraceListener application;
  private final @Nullable Path keyLogFile;

  TraceTargets(
      @Nullable Path qlogFile, @Nullable TraceListener application, @Nullable Path keyLogFile) {
    this.qlogFile = qlogFile;
    this.application = application;
    this.keyLogFile = keyLogFile;
  }

  boolean isEmpty() {
    return qlogFile == null && application == null && keyLogFile == null;
  }

  /** Whoever is to be told; null for nobody. */
  @Nullable EndpointTrace open() throws IOException {
    TraceListener listener = both(FlightRecorderEvents.listener(), application);
    Path qlog = qlogFile;
    if (qlog != null) {
      listener = both(listener, QlogFile.create(qlog));
    }
    Path secrets = keyLogFile;
    if (secrets == null) {
      return listener == null ? null : new EndpointTrace(listener, null);
    }
    KeyLogFile log;
    try {
      log = new KeyLogFile(secrets);
    } catch (IOException | RuntimeException | Error failed) {
      if (listener != null) {
        listener.socketClosed();
      }
      throw failed;
    }
    TraceListener closer = log.closer();
    return new EndpointTrace(listener == null ? closer : new FanOut(listener, closer), log);
  }

  private static @Nullable TraceListener both(
      @Nullable TraceListener first, @Nullable TraceListener second) {
    if (first == null || second == null) {
      return first == null ? second : first;
    }
    return new FanOut(first, second);
  }
}
