package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In processes of their own, since a process reads its settings once. */
class LogSettingsTest {
  @TempDir Path folder;

  @Test
  void aWarningIsOneLineAndThatBuffersAreCutIsLeftToTheDoctor() throws Exception {
    assertEquals(List.of("posthorn: the disk is full"), output());
  }

  @Test
  void settingsOfTheUserGoBefore() throws Exception {
    Path file = folder.resolve("logging.properties");
    Files.writeString(
        file,
        """
        handlers = java.util.logging.ConsoleHandler
        java.util.logging.SimpleFormatter.format = %5$s!%n
        """);
    assertEquals(
        List.of("the disk is full!", "the buffer is cut!"),
        output("-Djava.util.logging.config.file=" + file));
  }

  private static List<String> output(String... flags) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(flags));
    command.addAll(
        List.of(
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            Logs.class.getName()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the process does not end by itself");
      assertEquals(0, process.exitValue(), output);
      return output.lines().toList();
    } finally {
      process.destroyForcibly();
    }
  }

  /** The program of that virtual machine: what the library may log. */
  static final class Logs {
    private Logs() {}

    /** No arguments. */
    public static void main(String[] arguments) {
      LogSettings.use();
      System.getLogger("io.posthorn").log(Level.WARNING, "the disk is full");
      System.getLogger("io.posthorn.buffers").log(Level.WARNING, "the buffer is cut");
    }
  }
}
