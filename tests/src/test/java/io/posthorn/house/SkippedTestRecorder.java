package io.posthorn.house;

import java.io.IOException;
import java.io.UncheckedIOException;
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
 */
public final class SkippedTestRecorder implements TestExecutionListener {
  @Override
  public void testPlanExecutionStarted(TestPlan plan) {
    String file = System.getProperty("posthorn.skipped");
    if (file == null) {
      return; // run from an IDE
    }
    try {
      Files.createDirectories(Path.of(file).toAbsolutePath().getParent());
      Files.writeString(Path.of(file), "");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
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
    String file = System.getProperty("posthorn.skipped");
    if (file == null) {
      return;
    }
    String line = test.getUniqueId() + " " + reason.replace('\n', ' ') + "\n";
    try {
      Files.writeString(Path.of(file), line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
