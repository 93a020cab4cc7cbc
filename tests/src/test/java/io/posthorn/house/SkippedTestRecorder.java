package io.posthorn.house;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Writes each test that was skipped or aborted, with the reason, to the file named by the system
 * property {@code posthorn.skipped}. With {@code CI=true} the build fails if that file has a line.
 *
 * <p>A listener cannot fail a run itself (what it throws is only logged), and surefire's own count
 * leaves out containers, so that an assumption in a {@code @BeforeAll} would skip a class unseen.
 *
 * <p>Surefire has several processes and a plan for each class: all of them add to the one file, a
 * line with one write, and nobody empties it. The build deletes it before the tests.
 */
public final class SkippedTestRecorder implements TestExecutionListener {
  @Override
  public void testPlanExecutionStarted(TestPlan plan) {
    append(""); // an empty file says that somebody looked
  }

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    record(test, reason);
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
      record(test, result.getThrowable().map(Throwable::toString).orElse("aborted"));
    }
  }

  private static void record(TestIdentifier test, String reason) {
    append((test.getUniqueId() + " " + reason).replaceAll("\\R", " ") + "\n");
  }

  private static void append(String line) {
    String file = System.getProperty("posthorn.skipped");
    if (file == null) {
      return; // run from an IDE
    }
    Path path = Path.of(file).toAbsolutePath();
    ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8));
    try {
      Files.createDirectories(path.getParent());
      // Not Files.writeString, which cuts what is long into several writes.
      try (FileChannel end =
          FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
        while (bytes.hasRemaining()) {
          int written = end.write(bytes);
          if (written == 0) {
            throw new IOException("nothing more goes into " + path);
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
