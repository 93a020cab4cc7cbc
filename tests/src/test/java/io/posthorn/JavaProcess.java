package io.posthorn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A virtual machine of its own, for a class of the tests. */
public final class JavaProcess {
  private JavaProcess() {}

  /** The command that starts one, quickly: it lives for a moment. */
  public static List<String> command(List<String> options, Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:TieredStopAtLevel=1");
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    return command;
  }

  /** Starts one; its error output goes where its output does. */
  public static Process start(List<String> options, Class<?> main, String... arguments)
      throws IOException {
    return new ProcessBuilder(command(options, main, arguments)).redirectErrorStream(true).start();
  }

  /** What it prints until it ends, by itself and well. */
  public static String outputOf(Process process) throws Exception {
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the process does not end by itself");
      assertEquals(0, process.exitValue(), output);
      return output;
    } finally {
      process.destroyForcibly();
    }
  }
}
