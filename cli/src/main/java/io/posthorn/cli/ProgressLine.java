package io.posthorn.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Standard error with the line of progress, which stands there once, whichever parts of the program
 * write: whatever else is written takes it away first. Safe for all threads.
 */
final class ProgressLine {
  private static final int USUAL_COLUMNS = 80;
  private static final String CLEAR_LINE = "\r\u001b[K";

  private final Streams streams;
  private final OutputStream err;
  private int columns; // of the terminal; 0 until it is asked
  private boolean shown;

  ProgressLine(Streams streams) {
    this.streams = streams;
    err = streams.err();
  }

  /** Shows or renews the line. */
  synchronized void show(String text) {
    shown = true;
    write((CLEAR_LINE + fitted(text)).getBytes(StandardCharsets.UTF_8));
  }

  /** What fits on one line of the terminal: the rest could not be taken away again. */
  private String fitted(String text) {
    if (columns == 0) {
      columns = TerminalSize.columns(streams, USUAL_COLUMNS);
    }
    return TextColumns.fitted(text, Math.max(1, columns - 1));
  }

  /** Takes the line away. */
  synchronized void clear() {
    if (shown) {
      shown = false;
      write(CLEAR_LINE.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** Writes something else, in place of the line. */
  synchronized void replace(byte[] bytes) {
    clear();
    write(bytes);
  }

  private void write(byte[] bytes) {
    try {
      err.write(bytes);
      err.flush();
    } catch (IOException nobodyListens) {
      // Standard error is gone: there is nowhere left to say so, and the work goes on.
      shown = false;
    }
  }
}
