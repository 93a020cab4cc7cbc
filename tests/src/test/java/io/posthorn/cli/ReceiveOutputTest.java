package io.posthorn.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@code receive} writes to standard output, and who reads it. */
@Timeout(120)
class ReceiveOutputTest {
  private static final Pattern LISTENING = Pattern.compile("listening on \\S+:(\\d+)");

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

  /** As a file on a disk that is full. */
  private static final class FullDisk extends OutputStream {
    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      throw new IOException("No space left on device");
    }
  }

  /** What a command says, and where it listens. */
  private static final class Said extends ByteArrayOutputStream {
    final CompletableFuture<Integer> port = new CompletableFuture<>();

    @Override
    public synchronized void write(byte[] bytes, int from, int length) {
      super.write(bytes, from, length);
      Matcher matcher = LISTENING.matcher(toString(UTF_8));
      if (matcher.find()) {
        port.complete(Integer.parseInt(matcher.group(1)));
      }
    }

    String to() throws Exception {
      return "127.0.0.1:" + port.get(60, TimeUnit.SECONDS);
    }
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
    return Posthorn.run(
        new Streams(InputStream.nullInputStream(), out, err, false, false, environment), words);
  }

  @Test
  void aReceiverWhoseReaderIsGoneEndsWithTheSenderThatItServed() throws Exception {
    Said said = new Said();
    String to = folder.resolve("to").toString();
    CompletableFuture<Integer> status =
        start(new ReadOnce(), said, "receive", "--json", "127.0.0.1:0", to);
    Path file = Files.writeString(folder.resolve("file"), "x");
    Path other = Files.writeString(folder.resolve("other"), "y");
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    assertEquals(
        0,
        run(
            OutputStream.nullOutputStream(),
            errors,
            "copy",
            file.toString(),
            other.toString(),
            said.to()),
        () -> errors.toString(UTF_8));
    assertEquals(ExitCode.BROKEN_PIPE.status(), status.get(60, TimeUnit.SECONDS));
    assertTrue(Files.exists(Path.of(to, "other")));
  }

  @Test
  void aReceiverWhoseStandardOutputIsOnAFullDiskEndsAndTellsTheSender() throws Exception {
    Said said = new Said();
    CompletableFuture<Integer> status =
        start(new FullDisk(), said, "receive", "--to-stdout", "127.0.0.1:0");
    Path file = Files.writeString(folder.resolve("file"), "x");
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    OutputStream none = OutputStream.nullOutputStream();
    int copied = run(none, errors, "copy", file.toString(), said.to());
    assertEquals(ExitCode.IO.status(), copied, errors::toString);
    assertTrue(
        errors.toString(UTF_8).contains("the receiver cannot write its standard output"),
        errors::toString);
    assertEquals(ExitCode.IO.status(), status.get(60, TimeUnit.SECONDS));
    assertTrue(said.toString(UTF_8).contains("No space left on device"), said::toString);
  }

  @Test
  void aReceiverWhoseReportIsOnAFullDiskEnds() throws Exception {
    Said said = new Said();
    String to = folder.resolve("to").toString();
    CompletableFuture<Integer> status =
        start(new FullDisk(), said, "receive", "--json", "127.0.0.1:0", to);
    Path file = Files.writeString(folder.resolve("file"), "x");
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    OutputStream none = OutputStream.nullOutputStream();
    assertEquals(0, run(none, errors, "copy", file.toString(), said.to()), errors::toString);
    assertEquals(ExitCode.IO.status(), status.get(60, TimeUnit.SECONDS));
  }

  @Test
  void whatIsThereIsNotCalledSentAndWhatIsWrittenToAStreamIsCounted() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "x".repeat(1_500_000));
    String to = folder.resolve("to").toString();
    Said said = new Said();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    OutputStream none = OutputStream.nullOutputStream();
    var unused = start(none, said, "receive", "127.0.0.1:0", to);
    String[] copy = {"copy", "--checksum", file.toString(), said.to()};
    assertEquals(0, run(none, errors, copy), errors::toString);
    assertFalse(errors.toString(UTF_8).contains("of it sent"), errors::toString);
    assertEquals(0, run(none, errors, copy), errors::toString);
    assertTrue(
        errors.toString(UTF_8).contains("(1 there already), 1.5 MB, 0 B of it sent, to "),
        errors::toString);
    assertEquals(
        0, run(out, errors, "copy", "--json", file.toString(), said.to()), errors::toString);
    assertTrue(out.toString(UTF_8).contains("\"bytes\":1500000,\"sentBytes\":0,"), out::toString);

    Said stream = new Said();
    CompletableFuture<Integer> status =
        start(none, stream, "receive", "--to-stdout", "--json", "-1", "127.0.0.1:0");
    assertEquals(0, run(none, errors, "copy", file.toString(), stream.to()), errors::toString);
    assertEquals(0, status.get(60, TimeUnit.SECONDS));
    assertTrue(stream.toString(UTF_8).contains("\"files\":1,\"bytes\":1500000,"), stream::toString);
  }
}
