package io.posthorn.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Connection;
import io.posthorn.ConnectionClosedException;
import io.posthorn.MessageSocket;
import io.posthorn.Receipt;
import io.posthorn.cli.session.Application;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.DatagramSocket;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code send} in this process; limits of time are guards only. */
@Timeout(120)
class SendCommandTest extends LoopbackCommands {
  @Test
  void sendSumsUpWhatWasSentBeforeThePeerEnded() throws Exception {
    try (MessageSocket listener = peer()) {
      CompletableFuture<Integer> status = start("send", at(listener), "-n", "1000000000", "x");
      listener.receive().connection().close(75, "enough", Duration.ZERO);
      assertEquals(75, status.get());
      assertTrue(
          err.text().matches("(?s).*sent [^\n]+ bytes?, to " + at(listener) + ".*"), err.text());
      assertTrue(err.text().contains("enough"), err.text());
    }
  }

  /** As "head -1" has it: one line is read. */
  private static final class OneLine extends OutputStream {
    private boolean full;

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      if (full) {
        throw new IOException("Broken pipe");
      }
      full = true;
    }
  }

  @Test
  void sendThatWaitsForRepliesEndsWhenNobodyReadsThem() throws Exception {
    try (MessageSocket listener = peer()) {
      CompletableFuture<Integer> status = new CompletableFuture<>();
      Thread thread =
          new Thread(
              () ->
                  status.complete(
                      run(NOTHING, new OneLine(), "send", "-q", "1h", at(listener), "x")),
              "send");
      thread.setDaemon(true);
      thread.start();
      Connection connection = listener.receive().connection();
      try {
        while (!status.isDone()) {
          connection.send("reply".getBytes(UTF_8));
        }
      } catch (IOException gone) {
        assertTrue(
            connection.isOpen() || gone instanceof ConnectionClosedException, gone::toString);
      }
      assertEquals(141, status.get());
    }
  }

  @Test
  void sendThatGoesOnEndsWhenRepliesCannotBeWritten() throws Exception {
    try (MessageSocket listener = peer()) {
      CompletableFuture<Integer> status = new CompletableFuture<>();
      String[] send = {"send", "-n", "1000000000", at(listener), "x"};
      Thread thread = new Thread(() -> status.complete(run(NOTHING, new FullDisk(), send)), "send");
      thread.setDaemon(true);
      thread.start();
      listener.receive().connection().send("reply".getBytes(UTF_8));
      while (!status.isDone()) {
        listener.receive(Duration.ofMillis(100));
      }
      assertEquals(74, status.get());
      assertTrue(err.text().contains(FullDisk.WORDS), err.text());
    }
  }

  /** What is written to it waits until somebody says so. */
  private final class HeldOutput extends OutputStream {
    private final CompletableFuture<Void> release = new CompletableFuture<>();

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
      release.join();
      out.write(bytes, from, length);
    }
  }

  @Test
  void onlyOfAFileThatIsCutInPlainModeIsThatSaid() throws Exception {
    String file = Files.writeString(home.resolve("lines"), "one\ntwo\n").toString();
    try (DatagramSocket receiver = new DatagramSocket(ANY)) {
      String to = "127.0.0.1:" + receiver.getLocalPort();
      assertEquals(0, run(NOTHING, out, "send", "-u", to, "-F", file, "--framing", "line"));
      assertTrue(err.text().contains("sent 2 datagrams"), err.text());
      assertFalse(err.text().contains("nothing joins again"), err.text());
      assertEquals(0, run(NOTHING, out, "send", "-u", to, "-F", file));
      assertTrue(err.text().contains("nothing joins again"), err.text());
    }
  }

  @ParameterizedTest
  @CsvSource({"-q, 1", "--framing, length"})
  void whatASenderToAChildCannotHaveIsRefused(String option, String value) throws Exception {
    try (MessageSocket listener =
        MessageSocket.builder().bind(ANY).application(Application.EXEC.words()).open()) {
      assertEquals(64, run(NOTHING, out, "send", option, value, at(listener), "x"));
      assertTrue(err.text().contains(option), err.text());
      assertTrue(err.text().contains(" to a listener with --exec"), err.text());
    }
  }

  /** An input of one line that ends when somebody says so. */
  private static final class HeldInput extends InputStream {
    private final ByteArrayInputStream line =
        new ByteArrayInputStream("question\n".getBytes(UTF_8));
    private final CompletableFuture<Void> end;

    HeldInput(CompletableFuture<Void> end) {
      this.end = end;
    }

    @Override
    public int read() {
      int next = line.read();
      if (next < 0) {
        end.join();
      }
      return next;
    }

    @Override
    public int read(byte[] into, int from, int length) {
      into[from] = (byte) read();
      return into[from] < 0 ? -1 : 1;
    }
  }

  private static boolean isIn(Thread thread, String method) {
    return Arrays.stream(thread.getStackTrace()).anyMatch(at -> at.getMethodName().equals(method));
  }

  @Test
  void repliesThatCameArePrintedHoweverSlowlyTheyAreRead() throws Exception {
    CompletableFuture<Void> replied = new CompletableFuture<>();
    HeldOutput slow = new HeldOutput();
    try (MessageSocket listener = peer()) {
      CompletableFuture<Integer> status = new CompletableFuture<>();
      Thread send =
          new Thread(
              () -> status.complete(run(new HeldInput(replied), slow, "send", at(listener))),
              "send");
      send.setDaemon(true);
      send.start();
      Connection connection = listener.receive().connection();
      Receipt last = null;
      for (int i = 0; i < 1_000; i++) {
        last = connection.send(connection.message().body("a reply of some length " + i));
      }
      last.acknowledged().get();
      replied.complete(null);
      while (connection.isOpen() && !isIn(send, "finish")) {
        Thread.onSpinWait();
      }
      slow.release.complete(null);
      assertEquals(0, status.get(), err.text());
    }
    assertEquals(1_000, out.text().lines().count());
    assertTrue(out.text().endsWith(" 999\n"), err.text());
  }
}
