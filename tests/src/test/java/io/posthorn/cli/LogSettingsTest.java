package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.posthorn.JavaProcess;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In processes of their own, since a process reads its settings once. */
class LogSettingsTest {
  @TempDir Path folder;

  /** FAULTS 63: and it is shown escaped. */
  @Test
  void aWarningIsOneLineAndThatBuffersAreCutIsLeftToTheDoctor() throws Exception {
    assertEquals(List.of("posthorn: the disk is full\\x1b[2J"), output());
  }

  /** Also if it is a file of settings that asks for it, and whatever the locale can write. */
  @Test
  void aWarningIsAnObjectWithJson() throws Exception {
    Files.writeString(folder.resolve("config"), "json = true\n");
    Process process =
        JavaProcess.start(List.of("-Dfile.encoding=ISO-8859-1"), Logs.class, folder.toString());
    assertEquals(
        List.of("{\"problem\":{\"what\":\"the d\u0131sk is full\"}}"),
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
        List.of("the disk is full\u001b[2J!", "the buffer is cut!"),
        output("-Djava.util.logging.config.file=" + file));
  }

  private static List<String> output(String... flags) throws Exception {
    Process process = JavaProcess.start(List.of(flags), Logs.class);
    return JavaProcess.outputOf(process).lines().toList();
  }

  /** The program of that virtual machine: what the library may log. */
  static final class Logs {
    private Logs() {}

    /** With a folder of settings a command runs first. */
    public static void main(String[] arguments) {
      LogSettings.use();
      String said = "the disk is full\u001b[2J";
      if (arguments.length > 0) {
        new InProcess(Map.of("POSTHORN_HOME", arguments[0]), "").run("sockets");
        said = "the d\u0131sk is full";
      }
      System.getLogger("io.posthorn").log(Level.WARNING, said);
      System.getLogger("io.posthorn.buffers").log(Level.WARNING, "the buffer is cut");
    }
  }
}
