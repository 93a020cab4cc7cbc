package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The words of {@code receive}. */
class ReceiveCommandTest {
  @ParameterizedTest
  @CsvSource({
    "9000, '', 9000",
    ":9000 dir, '', 9000",
    "9000 2024, '', 9000",
    "localhost:9000 dir, localhost, 9000",
    "localhost 9000 dir, localhost, 9000",
    "::1 9000, ::1, 9000",
    "[::1] 9000 dir, ::1, 9000",
    "[::1]:9000 dir, ::1, 9000"
  })
  void sayWhereToListen(String words, String host, int port) throws Exception {
    assertEquals(
        new EndpointAddress(host, port), ReceiveCommand.where(List.of(words.split(" ", -1))));
  }
}
