package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said of a command line that names the wrong thing, or too little or too much. */
class WrongWordsTest {
  private static String errors(int exit, String line) {
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    Streams streams =
        new Streams(
            InputStream.nullInputStream(),
            OutputStream.nullOutputStream(),
            errors,
            false,
            false,
            Map.of());
    int status = Posthorn.run(streams, line.split(" "));
    String said = errors.toString(StandardCharsets.UTF_8);
    assertEquals(exit, status, said);
    return said;
  }

  @ParameterizedTest
  @CsvSource({
    "copy, 64, 'what to copy, or where to, is missing; write it like copy FILE 192.0.2.1:9000'",
    "copy nofile, 64, 'what to copy, or where to, is missing'",
    "copy nofile --checksum 127.0.0.1:9, 66, 'nofile: no such file'"
  })
  void whatACopyNeedsMayStandAroundItsOptions(String line, int exit, String why) {
    String said = errors(exit, line);
    assertTrue(said.contains(why), said);
  }
}
