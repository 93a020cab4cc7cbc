package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@code receive} writes to standard output, and who reads it. */
@Timeout(120)
class ReceiveOutputTest {
  @TempDir private Path folder;

  /** As a pipe whose reader goes after one line. */
  private static final class ReadOnce extends OutputStream {
    private boolean read;

    @Override
    public void write(int b) throws IOException {
      throw new UnsupportedOperationException();
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      if (read) {
        throw new StandardOutput.UnreadException(new IOException("broken pipe"));
      }
      read = true;
    }
  }

  private static String at(Collected said) throws InterruptedException {
    return "127.0.0.1:" + said.listening().getPort();
  }

  private CompletableFuture<Integer> start(OutputStream out, OutputStream err, String... words) {
    CompletableFuture<Integer> status = new CompletableFuture<>();
    Thread receive = new Thread(() -> status.complete(run(out, err, words)), "receive");
    receive.setDaemon(true);
    receive.start();
    return status;
  }

  private int run(OutputStream out, OutputStream err, String... words) {
    Map<String, String> environment = Map.of("POSTHORN_HOME", folder.resolve("home").toString());
    return new Posthorn(
            new Streams(InputStream.nullInputStream(), out, err, false, false, environment))
        .run(words);
  }

  @Test
  void aReceiverWhoseReaderIsGoneEndsWithTheSenderThatItServed() throws Exception {
    Collected said = new Collected();
    String to = folder.resolve("to").toString();
    CompletableFuture<Integer> status =
        start(new ReadOnce(), said, "receive", "--json", "127.0.0.1:0", to);
    Path file = Files.writeString(folder.resolve("file"), "x");
    Path other = Files.writeString(folder.resolve("other"), "y");
    Collected errors = new Collected();
    assertEquals(
        0,
        run(
            OutputStream.nullOutputStream(),
            errors,
            "copy",
            file.toString(),
            other.toString(),
            at(said)),
        errors::text);
    assertEquals(ExitCode.BROKEN_PIPE.status(), status.get(60, TimeUnit.SECONDS));
    assertTrue(Files.exists(Path.of(to, "other")));
  }

  @Test
  void aReceiverWhoseStandardOutputIsOnAFullDiskEndsAndTellsTheSender() throws Exception {
    Collected said = new Collected();
    CompletableFuture<Integer> status =
        start(new FullDisk(), said, "receive", "--to-stdout", "127.0.0.1:0");
    Path file = Files.writeString(folder.resolve("file"), "x");
    Collected errors = new Collected();
    OutputStream none = OutputStream.nullOutputStream();
    int copied = run(none, errors, "copy", file.toString(), at(said));
    assertEquals(ExitCode.IO.status(), copied, errors::text);
    assertTrue(
        errors.text().contains("the receiver cannot write its standard output"), errors::text);
    assertEquals(ExitCode.IO.status(), status.get(60, TimeUnit.SECONDS));
    assertTrue(said.text().contains(FullDisk.WORDS), said::text);
  }

  @Test
  void aReceiverWhoseReportIsOnAFullDiskEnds() throws Exception {
    Collected said = new Collected();
    String to = folder.resolve("to").toString();
    CompletableFuture<Integer> status =
        start(new FullDisk(), said, "receive", "--json", "127.0.0.1:0", to);
    Path file = Files.writeString(folder.resolve("file"), "x");
    Collected errors = new Collected();
    OutputStream none = OutputStream.nullOutputStream();
    assertEquals(0, run(none, errors, "copy", file.toString(), at(said)), errors::text);
    assertEquals(ExitCode.IO.status(), status.get(60, TimeUnit.SECONDS));
  }

  @Test
  void whatIsThereIsNotCalledSentAndWhatIsWrittenToAStreamIsCounted() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "x".repeat(1_500_000));
    String to = folder.resolve("to").toString();
    Collected said = new Collected();
    Collected out = new Collected();
    Collected errors = new Collected();
    OutputStream none = OutputStream.nullOutputStream();
    var unused = start(none, said, "receive", "127.0.0.1:0", to);
    String[] copy = {"copy", "--checksum", file.toString(), at(said)};
    assertEquals(0, run(none, errors, copy), errors::text);
    assertFalse(errors.text().contains("of it sent"), errors::text);
    assertEquals(0, run(none, errors, copy), errors::text);
    assertTrue(
        errors.text().contains("(1 there already), 1.5 MB, 0 B of it sent, to "), errors::text);
    assertEquals(0, run(out, errors, "copy", "--json", file.toString(), at(said)), errors::text);
    assertTrue(out.text().contains("\"bytes\":1500000,\"sentBytes\":0,"), out::text);

    Collected stream = new Collected();
    CompletableFuture<Integer> status =
        start(none, stream, "receive", "--to-stdout", "--json", "-1", "127.0.0.1:0");
    assertEquals(0, run(none, errors, "copy", file.toString(), at(stream)), errors::text);
    assertEquals(0, status.get(60, TimeUnit.SECONDS));
    assertTrue(stream.text().contains("\"files\":1,\"bytes\":1500000,"), stream::text);
  }
}
