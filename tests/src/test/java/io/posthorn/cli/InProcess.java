package io.posthorn.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.Map;

/**
 * The program in this process and at no terminal: it is given its input, and its words are kept.
 */
final class InProcess {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final Streams streams;

  /** With nothing to read and no environment. */
  InProcess() {
    this(Map.of(), "");
  }

  InProcess(Map<String, String> environment, String input) {
    this(environment, input.getBytes(UTF_8));
  }

  InProcess(Map<String, String> environment, byte[] input) {
    streams = new Streams(new ByteArrayInputStream(input), out, err, false, false, environment);
  }

  /** Runs a command line; answers the exit status. */
  int run(String... words) {
    return new Posthorn(streams).run(words);
  }

  /** For what needs them without a command line. */
  Streams streams() {
    return streams;
  }

  /** What came on standard output, of all runs. */
  String output() {
    return out.toString(UTF_8);
  }

  /** What came on standard error, of all runs. */
  String errors() {
    return err.toString(UTF_8);
  }
}
