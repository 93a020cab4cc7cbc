package io.posthorn.simulation;

import java.io.BufferedWriter;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes a {@link LinkRecording} while it happens. For one thread at a time. A failure ends the
 * writing, not the network: it is kept for who asks.
 */
final class LinkRecorder implements Closeable {
  private final BufferedWriter out;
  private @Nullable IOException failure;
  private boolean leftOut;

  private LinkRecorder(BufferedWriter out) {
    this.out = out;
  }

  /** Makes the file anew. */
  static LinkRecorder create(Path file, List<String> notes) throws IOException {
    LinkRecorder recorder =
        new LinkRecorder(Files.newBufferedWriter(file, StandardCharsets.US_ASCII));
    recorder.write(LinkRecording.FIRST_LINE + "\n");
    notes.forEach(recorder::note);
    return recorder;
  }

  /** A line for people. */
  void note(String text) {
    write("# " + text.replaceAll("[^ -~]", "?") + "\n");
  }

  /** The last datagram offered to a link, with what the link made of it. */
  void onOffered(
      int flow,
      int direction,
      SimulatedLink<?> link,
      DatagramFate fate,
      int lengthBytes,
      long nowNanos) {
    if (flow >= LinkRecording.MOST_FLOWS) {
      if (!leftOut) {
        note("flows from " + LinkRecording.MOST_FLOWS + " on are left out");
        leftOut = true;
      }
      return;
    }
    StringBuilder line = new StringBuilder(64);
    line.append(flow).append(direction == 0 ? " up " : " down ").append(link.lastNumber());
    line.append(' ').append(nowNanos).append(' ').append(lengthBytes).append(' ');
    line.append(LinkRecording.name(fate));
    if (fate == DatagramFate.PASSED) {
      line.append(' ').append(link.lastDelayNanos());
      if (link.lastCopyDelayNanos() >= 0) {
        line.append(" copy ").append(link.lastCopyDelayNanos());
      }
      if (link.lastCorruptBit() >= 0) {
        line.append(" bit ").append(link.lastCorruptBit());
      }
      if (link.lastReordered()) {
        line.append(" reordered");
      }
    }
    write(line.append('\n').toString());
  }

  /** Why something could not be written, or null. */
  @Nullable IOException failure() {
    return failure;
  }

  private void write(String text) {
    if (failure != null) {
      return;
    }
    try {
      out.write(text);
    } catch (IOException failed) {
      failure = failed;
    }
  }

  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException failed) {
      if (failure == null) {
        failure = failed;
      }
    }
  }
}
