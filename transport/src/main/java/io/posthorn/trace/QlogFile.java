package io.posthorn.trace;

import io.posthorn.files.BackgroundFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Makes listeners that write qlog files. */
public final class QlogFile {
  private QlogFile() {}

  /**
   * Creates the file, or empties it, and answers a listener that writes to it; {@link
   * TraceListener#socketClosed} has it closed, and {@link TraceListener#awaitWritten} waits for
   * that.
   *
   * @throws IOException if it cannot be written
   */
  public static TraceListener create(Path path) throws IOException {
    BackgroundFile file = new BackgroundFile(path);
    Path name = path.getFileName();
    String started = Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
    QlogWriter writer =
        new QlogWriter(file::write, name == null ? path.toString() : name.toString(), started);
    return new FanOut(writer, new FileCloser(file));
  }
}
