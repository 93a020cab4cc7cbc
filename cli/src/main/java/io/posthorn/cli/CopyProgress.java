package io.posthorn.cli;

import io.posthorn.Connection;
import io.posthorn.ConnectionInfo;
import io.posthorn.cli.files.CopyWatcher;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * The line that shows how far {@code copy} is: how much, how fast, how long still, or for how long
 * nothing has moved. A thread of its own renews it; nothing where nobody looks.
 */
final class CopyProgress implements CopyWatcher {
  private static final long RENEW_MILLIS = 500;
  private static final long TELL_MILLIS = 1_000;
  private static final long STALLED_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final int BAR_CHARS = 20;

  /** Of the rate: the last few seconds count most. */
  private static final double SMOOTHING = 0.2;

  private final Output output;
  private final Connection connection;
  private final int columns;
  private String name = "";
  private long entries;
  private long settled;
  private long totalBytes;
  private long storedBytes;
  private long shownBytes;
  private long shownNanos = System.nanoTime();
  private double bytesPerSecond;
  private long movedNanos = System.nanoTime();
  private boolean hashing;
  private boolean waiting;
  private long waitingNanos;
  private boolean unacknowledged;
  private long unacknowledgedNanos;
  private long packetsHeard;
  private long heardNanos = System.nanoTime();
  private boolean closed;

  CopyProgress(Output output, Connection connection, int columns) {
    this.output = output;
    this.connection = connection;
    this.columns = columns;
    if (output.showsProgress() || output.isJsonStream()) {
      Thread thread = new Thread(this::renew, "posthorn-copy-progress");
      thread.setDaemon(true);
      thread.start();
    }
  }

  @Override
  public synchronized void total(long entriesToCome, long bytes) {
    entries = entriesToCome;
    totalBytes = bytes;
  }

  @Override
  public synchronized void begins(String file) {
    name = file;
  }

  @Override
  public synchronized void waits(boolean now) {
    waiting = now;
    waitingNanos = System.nanoTime();
  }

  @Override
  public synchronized void hashes(boolean now) {
    hashing = now;
  }

  @Override
  public synchronized void stored(long bytes) {
    if (bytes > storedBytes) {
      storedBytes = bytes;
      movedNanos = System.nanoTime();
    }
  }

  @Override
  public synchronized void settled(String file, boolean wasThere) {
    settled++;
    movedNanos = System.nanoTime();
    if (output.isJsonStream()) {
      tell(
          new JsonText()
              .beginObject()
              .beginObject("stored")
              .put("name", file)
              .put("thereBefore", wasThere)
              .endObject()
              .endObject()
              .toString());
    } else if (output.isVerbose()) {
      output.detail(file + (wasThere ? ": there already" : ""));
    }
  }

  @Override
  public synchronized void failed(String file, String reason) {
    settled++;
    movedNanos = System.nanoTime();
    if (output.isJson()) {
      output.error(
          new JsonText()
              .beginObject()
              .beginObject("failed")
              .put("name", file)
              .put("reason", reason)
              .endObject()
              .endObject());
    } else {
      output.error(file + ": not copied: " + reason);
    }
  }

  private synchronized void renew() {
    try {
      while (!closed) {
        ConnectionInfo info = connection.info();
        if (info != null) {
          hears(info.packetsReceived(), info.bytesQueued() > 0);
        }
        String line = line(System.nanoTime());
        if (output.isJsonStream()) {
          tell(json());
          wait(TELL_MILLIS);
        } else {
          output.progress(line);
          wait(RENEW_MILLIS);
        }
      }
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * What the connection says of the peer.
   *
   * @param packets that came so far
   * @param owed whether something is not acknowledged
   */
  synchronized void hears(long packets, boolean owed) {
    long now = System.nanoTime();
    if (packets != packetsHeard) {
      packetsHeard = packets;
      heardNanos = now;
    }
    if (owed && !unacknowledged) {
      unacknowledgedNanos = now;
    }
    unacknowledged = owed;
  }

  private String json() {
    return new JsonText()
        .beginObject()
        .beginObject("progress")
        .put("bytes", storedBytes)
        .put("ofBytes", totalBytes)
        .put("entries", settled)
        .put("ofEntries", entries)
        .put("bytesPerSecond", bytesPerSecond)
        .put("name", name)
        .endObject()
        .endObject()
        .toString();
  }

  private void tell(String line) {
    try {
      output.line(line);
      output.flush();
    } catch (IOException nobodyReads) {
      closed = true; // the summary at the end finds out for itself
    }
  }

  /** The line as it is at this moment. */
  synchronized String line(long nowNanos) {
    double seconds = (nowNanos - shownNanos) / 1e9;
    if (seconds > 0.1) {
      double now = (storedBytes - shownBytes) / seconds;
      bytesPerSecond =
          bytesPerSecond == 0 ? now : SMOOTHING * now + (1 - SMOOTHING) * bytesPerSecond;
      shownBytes = storedBytes;
      shownNanos = nowNanos;
    }
    // Nothing is missed before it is asked for: a sender that hashes, or holds back, hears nothing.
    long askedNanos = nowNanos - (waiting ? waitingNanos : unacknowledgedNanos);
    long stillNanos = Math.min(nowNanos - movedNanos, askedNanos);
    boolean silent = Math.min(nowNanos - heardNanos, askedNanos) >= STALLED_NANOS;
    boolean stalled = stillNanos >= STALLED_NANOS && (waiting || (unacknowledged && silent));
    String state =
        stalled
            ? "stalled "
                + stillNanos / 1_000_000_000
                + " s: "
                + (silent ? "no answer" : "the receiver is slow")
            : hashing ? "hashing" : Quantity.bytes(bytesPerSecond) + "/s" + left();
    return layOut(
        columns, share(), Quantity.bytes((double) storedBytes), state, settled, entries, name);
  }

  private String left() {
    if (totalBytes <= storedBytes || bytesPerSecond < 1) {
      return "";
    }
    long seconds = (long) ((totalBytes - storedBytes) / bytesPerSecond);
    return seconds >= 3_600
        ? String.format(
            Locale.ROOT, "  %d:%02d:%02d left", seconds / 3_600, seconds / 60 % 60, seconds % 60)
        : String.format(Locale.ROOT, "  %d:%02d left", seconds / 60, seconds % 60);
  }

  /** 0 to 1, or less than 0 if it is not known. */
  private double share() {
    return totalBytes <= 0 ? -1 : Math.min(1, (double) storedBytes / totalBytes);
  }

  /** As much as fits a terminal of so many columns, most important first. */
  static String layOut(
      int columns,
      double share,
      String bytes,
      String state,
      long settled,
      long entries,
      String name) {
    String percent = share < 0 ? "" : String.format(Locale.ROOT, "%3d %%  ", (int) (share * 100));
    String counted = entries > 1 ? settled + " of " + entries + "  " : "";
    String line = percent + state;
    if (share >= 0 && line.length() + BAR_CHARS + 3 < columns) {
      int filled = (int) (BAR_CHARS * share);
      line = "[" + "#".repeat(filled) + "-".repeat(BAR_CHARS - filled) + "] " + line;
    }
    for (String more : new String[] {bytes, counted.strip(), TextSafety.visible(name)}) {
      if (!more.isEmpty() && TextColumns.of(line) + 2 + TextColumns.of(more) < columns) {
        line += "  " + more;
      }
    }
    // One column stays free: some terminals go to the next line when the last is filled.
    return TextColumns.fitted(line, Math.max(0, columns - 1));
  }

  /** Takes the line away. */
  synchronized void end() {
    if (output.isJsonStream() && !closed) {
      tell(json()); // the last word, also of a copy that took less than an interval
    }
    closed = true;
    notifyAll();
    output.clearProgress();
  }
}
