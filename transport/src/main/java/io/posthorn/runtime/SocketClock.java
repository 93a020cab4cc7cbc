package io.posthorn.runtime;

import io.posthorn.endpoint.Endpoint;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** The time of one socket, in nanoseconds since it was opened. */
public final class SocketClock {
  private final long originNanos = System.nanoTime();

  /** With the lock of the {@link SocketLoop}. */
  private long latestNanos;

  SocketClock() {}

  /** The time by itself; any thread. */
  public long nowNanos() {
    return System.nanoTime() - originNanos;
  }

  /** The time that endpoint and port are told: it never goes back, since callers hold the lock. */
  long now() {
    latestNanos = Math.max(latestNanos, nowNanos());
    return latestNanos;
  }

  /** A deadline that saturates. */
  public static long after(long nowNanos, long delayNanos) {
    return delayNanos >= Endpoint.NEVER - nowNanos ? Endpoint.NEVER : nowNanos + delayNanos;
  }

  /** A duration in nanoseconds that saturates. */
  public static long nanos(Duration duration) {
    return TimeUnit.NANOSECONDS.convert(duration);
  }
}
