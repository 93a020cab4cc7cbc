package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.posthorn.JavaProcess;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
  void aWarningIsAnObjectWithJson() throws Exception {
    Process process = JavaProcess.start(List.of(), Logs.class, "--json");
    assertEquals(
        List.of("{\"problem\":{\"what\":\"the disk is full\"}}"),
        JavaProcess.outputOf(process).lines().toList());
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
    Process process = JavaProcess.start(List.of(flags), Logs.class);
    return JavaProcess.outputOf(process).lines().toList();
  }

  /** The program of that virtual machine: what the library may log. */
  static final class Logs {
    private Logs() {}

    /** An argument asks for JSON. */
    public static void main(String[] arguments) {
      LogSettings.use(arguments.length > 0);
      System.getLogger("io.posthorn").log(Level.WARNING, "the disk is full");
      System.getLogger("io.posthorn.buffers").log(Level.WARNING, "the buffer is cut");
    }
  }
}
