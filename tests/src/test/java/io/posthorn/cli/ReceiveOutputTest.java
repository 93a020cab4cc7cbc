package io.posthorn.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
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

/** {@code receive --json} and who reads it. */
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

  private int run(OutputStream out, OutputStream err, String... words) {
    Map<String, String> environment = Map.of("POSTHORN_HOME", folder.resolve("home").toString());
    return Posthorn.run(
        new Streams(InputStream.nullInputStream(), out, err, false, false, environment), words);
  }

  @Test
  void aReceiverWhoseReaderIsGoneEndsWithTheSenderThatItServed() throws Exception {
    CompletableFuture<Integer> port = new CompletableFuture<>();
    OutputStream said =
        new ByteArrayOutputStream() {
          @Override
          public synchronized void write(byte[] bytes, int from, int length) {
            super.write(bytes, from, length);
            Matcher matcher = LISTENING.matcher(toString(UTF_8));
            if (matcher.find()) {
              port.complete(Integer.parseInt(matcher.group(1)));
            }
          }
        };
    String to = folder.resolve("to").toString();
    CompletableFuture<Integer> status = new CompletableFuture<>();
    Thread receive =
        new Thread(
            () ->
                status.complete(run(new ReadOnce(), said, "receive", "--json", "127.0.0.1:0", to)),
            "receive");
    receive.setDaemon(true);
    receive.start();
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
            "127.0.0.1:" + port.get(60, TimeUnit.SECONDS)),
        () -> errors.toString(UTF_8));
    assertEquals(ExitCode.BROKEN_PIPE.status(), status.get(60, TimeUnit.SECONDS));
    assertTrue(Files.exists(Path.of(to, "other")));
  }
}
