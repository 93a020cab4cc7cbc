package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code --timeout} of commands that connect, and a peer that never answers. */
@Timeout(120)
class AnswerTimeoutTest {
  @TempDir Path home;

  private int run(InProcess program, String line, DatagramSocket silent) throws Exception {
    Path file = Files.writeString(home.resolve("file"), "content");
    String to = "127.0.0.1:" + silent.getLocalPort();
    return program.run(line.replace("FILE", file.toString()).replace("PEER", to).split(" "));
  }

  private InProcess program() {
    return new InProcess(Map.of("POSTHORN_HOME", home.toString()), "");
  }

  private static DatagramSocket silent() throws Exception {
    return new DatagramSocket(0, InetAddress.getLoopbackAddress());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "send -w 0.2 PEER hello",
        "copy --timeout 200ms FILE PEER",
        "keys trust -w 0.2 PEER",
        "keys trust PEER --timeout=0.2"
      })
  void isHowLongThePeerMayTake(String line) throws Exception {
    try (DatagramSocket silent = silent()) {
      InProcess program = program();
      assertEquals(69, run(program, line, silent), program::errors);
      assertTrue(program.errors().contains("in 200 ms"), program.errors());
    }
  }

  /** Without an answer it takes that long in each way: reliable, plain and, if need be, others. */
  @Test
  void doctorWaitsForSoLong() throws Exception {
    try (DatagramSocket silent = silent()) {
      InProcess program = program();
      assertEquals(1, run(program, "doctor -w 0.2 PEER", silent), program::errors);
      assertTrue(program.output().contains("UDP gets no answer in 200 ms:"), program::output);
    }
    InProcess alone = program();
    assertEquals(64, alone.run("doctor", "-w", "1"), alone::errors);
    assertTrue(alone.errors().contains("-w without a peer"), alone::errors);
  }

  @Test
  void isRefusedWhereNobodyAnswers() throws Exception {
    try (DatagramSocket silent = silent()) {
      InProcess program = program();
      assertEquals(64, run(program, "send -u -w 1 PEER hello", silent), program::errors);
      assertTrue(program.errors().contains("-w in plain mode, in which nobody answers"));
    }
  }
}
