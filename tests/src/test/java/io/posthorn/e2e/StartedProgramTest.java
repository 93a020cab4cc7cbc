package io.posthorn.e2e;

import static io.posthorn.e2e.RunningProgram.posthornIn;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the program was started with: the locale of services and containers, a closed stdin. */
@Timeout(180)
class StartedProgramTest {
  private static final Map<String, String> C_LOCALE = Map.of("LC_ALL", "C");
  private static final String WORD = "gr\u00f6\u00dfe";

  /** In the locale C the runtime decodes nothing but ASCII. */
  @Test
  void wordsAreSentAsTheyWereTypedInTheLocaleC() throws Exception {
    assumeTrue(Files.isReadable(Path.of("/proc/self/cmdline")), "the words cannot be read again");
    try (DatagramSocket receiver = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        RunningProgram sender =
            posthornIn(C_LOCALE, "send", "-u", "127.0.0.1:" + receiver.getLocalPort(), WORD)) {
      assertEquals(0, sender.exit(), sender::errors);
      assertArrayEquals(WORD.getBytes(StandardCharsets.UTF_8), datagram(receiver));
    }
  }

  @Test
  void commandsAndFilesThatTheLocaleCannotNameAreRefusedWithTheRemedy() throws Exception {
    assumeTrue(Files.isReadable(Path.of("/proc/self/cmdline")), "the words cannot be read again");
    try (RunningProgram file = posthornIn(C_LOCALE, "send", "127.0.0.1:9", "-F", WORD);
        RunningProgram settings = posthornIn(C_LOCALE, "sockets", "--config", WORD);
        RunningProgram exec = posthornIn(C_LOCALE, "listen", "127.0.0.1:0", "-c", "echo " + WORD)) {
      for (RunningProgram one : List.of(file, settings, exec)) {
        assertEquals(65, one.exit(), one::errors);
        assertTrue(one.errors().contains(WORD), one.errors());
        assertTrue(one.errors().contains("LC_ALL=C.UTF-8"), one.errors());
      }
    }
  }

  /** The first file that the runtime opens has the number of a standard input that is closed. */
  @Test
  void closedStandardInputIsEmpty() throws Exception {
    List<String> words = new ArrayList<>(List.of("bash", "-c", "exec \"$@\" <&-", "sh"));
    words.addAll(RunningProgram.command(List.of(), "send", "-u", "127.0.0.1:9"));
    try (RunningProgram sender = RunningProgram.other(words.toArray(String[]::new))) {
      assertEquals(0, sender.exit(), sender::errors);
      assertTrue(sender.errors().contains("sent 0 datagrams, 0 bytes"), sender.errors());
    }
  }

  private static byte[] datagram(DatagramSocket receiver) throws Exception {
    receiver.setSoTimeout(60_000);
    DatagramPacket packet = new DatagramPacket(new byte[2_000], 2_000);
    receiver.receive(packet);
    return Arrays.copyOf(packet.getData(), packet.getLength());
  }
}
