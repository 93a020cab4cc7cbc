package io.posthorn.e2e;

import static io.posthorn.e2e.RunningProgram.posthorn;
import static io.posthorn.e2e.RunningProgram.posthornAt;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** FAULTS 19, 20 and 25: programs that are killed or stopped amid what they do. */
@DisabledOnOs(OS.WINDOWS)
@Timeout(180)
class KilledProgramTest {
  private static final String ANY = "127.0.0.1:0";

  /** Such that a file of a few megabytes takes some seconds. */
  private static final String[] SLOWLY = {"--impair", "rate 20mbit queue 1mb"};

  @TempDir Path folder;

  /** The sender learns of it with the next message, and the one after it arrives, once. */
  @Test
  void fault19_aListenerThatWasKilledAndStartedAgainGetsWhatIsSentNext() throws Exception {
    String at = "127.0.0.1:" + FreePorts.next();
    Path home = folder.resolve("listener");
    Path ann = folder.resolve("sender");
    try (RunningProgram sender = posthornAt(ann, "send", at)) {
      try (RunningProgram killed = posthornAt(home, "listen", at)) {
        killed.port();
        sender.type("one\n");
        killed.awaitOutput("one\n");
        killed.signal("KILL");
        assertEquals(137, killed.exit(), killed::errors);
        assertEquals("one\n", killed.output());
      }
      try (RunningProgram again = posthornAt(home, "listen", at)) {
        again.port();
        sender.type("two\n").endInput();
        assertEquals(75, sender.exit(), sender::errors);
        assertTrue(sender.errors().contains("restarted"), sender.errors());
        try (RunningProgram next = posthornAt(ann, "send", at, "three")) {
          assertEquals(0, next.exit(), next::errors);
        }
        again.awaitOutput("three\n");
        again.signal("TERM");
        assertEquals(143, again.exit(), again::errors);
        assertEquals("three\n", again.output());
      }
    }
  }

  private Path content(byte[] content) throws IOException {
    new Random(1).nextBytes(content);
    return Files.write(folder.resolve("content"), content);
  }

  private static RunningProgram sendSlowly(Path file, String port) throws IOException {
    return posthorn("send", "127.0.0.1:" + port, "-F", file.toString(), SLOWLY[0], SLOWLY[1]);
  }

  private static void awaitOutputBytes(RunningProgram program, int count) {
    while (program.outputBytes().length < count) {
      Thread.onSpinWait();
    }
  }

  /** What came is a beginning of the file in whole messages. */
  @Test
  void fault20_ofASenderThatWasKilledNoPartOfAMessageArrives() throws Exception {
    byte[] content = new byte[8 << 20];
    Path file = content(content);
    try (RunningProgram listener = posthorn("listen", "--framing", "length", ANY)) {
      try (RunningProgram sender = sendSlowly(file, listener.port())) {
        awaitOutputBytes(listener, 300_000);
        sender.signal("KILL");
        assertEquals(137, sender.exit(), sender::errors);
      }
      listener.signal("TERM");
      assertEquals(143, listener.exit(), listener::errors);
      ByteBuffer came = ByteBuffer.wrap(listener.outputBytes());
      int end = 0;
      while (came.hasRemaining()) {
        byte[] message = new byte[came.getInt()];
        assertEquals(64 << 10, message.length);
        came.get(message);
        assertArrayEquals(Arrays.copyOfRange(content, end, end + message.length), message);
        end += message.length;
      }
      assertTrue(end < content.length, "the sender was done before it was killed");
    }
  }

  /** While it is stopped, it answers nobody; then all arrives all the same. */
  @Test
  void fault25_whatIsSentToAStoppedListenerArrivesWhenItGoesOn() throws Exception {
    byte[] content = new byte[4 << 20];
    Path file = content(content);
    try (RunningProgram listener = posthorn("listen", "--framing", "raw", ANY);
        RunningProgram sender = sendSlowly(file, listener.port())) {
      awaitOutputBytes(listener, 300_000);
      listener.signal("STOP");
      String port = listener.port();
      try (RunningProgram ping = posthorn("ping", "127.0.0.1:" + port, "-c", "1", "-W", "1")) {
        assertEquals(1, ping.exit(), ping::errors);
      } finally {
        listener.signal("CONT");
      }
      assertEquals(0, sender.exit(), sender::errors);
      awaitOutputBytes(listener, content.length);
      assertArrayEquals(content, listener.outputBytes());
    }
  }
}
