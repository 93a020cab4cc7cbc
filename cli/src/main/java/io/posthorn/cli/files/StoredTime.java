package io.posthorn.cli.files;

import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;

/** The time of a file's last change as a file system stores it: within its bounds, and rounded. */
final class StoredTime {
  /** The end of the year 9999, which every system can store. */
  private static final long LATEST_SECONDS = 253_402_300_799L;

  /** Of exFAT, of file systems without fractions, of FAT. */
  private static final long[] COARSE_NANOS = {10_000_000, 1_000_000_000, 2_000_000_000};

  private static final long FINE_NANOS = 1_000;

  private StoredTime() {}

  /** The time that is asked of the system for a time from the network. */
  static FileTime of(long seconds, int nanos) {
    return FileTime.from(instant(seconds, nanos));
  }

  private static Instant instant(long seconds, int nanos) {
    return Instant.ofEpochSecond(Math.max(0, Math.min(LATEST_SECONDS, seconds)), nanos);
  }

  /**
   * Whether a time is what a file system makes of one from the network: the same to the
   * microsecond, or rounded down to what coarse ones keep.
   */
  static boolean isOf(Instant stored, long seconds, int nanos) {
    Instant sent = instant(seconds, nanos);
    if (floor(stored, FINE_NANOS).equals(floor(sent, FINE_NANOS))) {
      return true;
    }
    for (long step : COARSE_NANOS) {
      if (stored.equals(floor(sent, step))) {
        return true;
      }
    }
    return false;
  }

  private static Instant floor(Instant time, long stepNanos) {
    // The seconds within two, so that the sum fits a long.
    long nanos = time.getEpochSecond() % 2 * 1_000_000_000 + time.getNano();
    return time.minus(Duration.ofNanos(nanos % stepNanos));
  }
}
