package io.posthorn;

import static io.posthorn.Loopback.LONG;
import static io.posthorn.Loopback.get;
import static io.posthorn.Loopback.next;
import static io.posthorn.Loopback.socket;
import static io.posthorn.Loopback.start;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.posthorn.capture.CaptureReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A socket that closes while the disk is behind with its files. */
@Timeout(120)
class SlowDiskTest {
  private static final int SENT = 200;

  @TempDir private Path folder = Path.of("");

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whoeverClosesWaitsForTheFileAndNobodyElse(boolean isTrace) throws Exception {
    Path pipe = folder.resolve("pipe");
    Process made = new ProcessBuilder("mkfifo", pipe.toString()).inheritIO().start();
    assertTrue(made.waitFor(30, TimeUnit.SECONDS));
    assumeTrue(made.exitValue() == 0, "the system makes no named pipes");
    Path whole = folder.resolve("whole");
    Set<Thread> before = SocketThreads.all();
    CompletableFuture<CloseReport> closed;
    InputStream in;
    // Open at both ends, and read by nobody: it takes 64 KiB, then a write waits.
    try (RandomAccessFile held = new RandomAccessFile(pipe.toFile(), "rw")) {
      MessageSocketBuilder builder = socket(isTrace ? Mode.RELIABLE : Mode.PLAIN);
      MessageSocket socket = (isTrace ? builder.trace(pipe) : builder.capture(pipe)).open();
      Thread inputOutput = threadOf(socket, before);
      for (int i = 0; i < SENT; i++) {
        socket.send(socket.localAddress(), new byte[1_000]);
        if (isTrace) {
          next(socket); // or few packets would do
        }
      }
      closed = start(() -> socket.close(LONG));
      inputOutput.join();
      assertTrue(socket.isClosed());
      assertEquals(0, socket.statistics().handlerFailures());
      assertFalse(closed.isDone(), "the file is not written");
      assertTrue(held.getFD().valid());
      in = Files.newInputStream(pipe);
    } // the pipe ends with what the socket writes
    try (in;
        OutputStream out = Files.newOutputStream(whole)) {
      in.transferTo(out);
    }
    get(closed);
    if (isTrace) {
      assertTrue(Files.readString(whole).contains("connectivity:connection_closed"));
    } else {
      assertTrue(captured(whole) >= SENT, captured(whole) + " of " + SENT);
    }
  }

  private static int captured(Path file) throws IOException {
    int count = 0;
    try (CaptureReader reader = new CaptureReader(file)) {
      while (reader.next() != null) {
        count++;
      }
    }
    return count;
  }

  private static Thread threadOf(MessageSocket socket, Set<Thread> before) {
    String name = "posthorn-" + socket.localAddress().getPort();
    return SocketThreads.all().stream()
        .filter(thread -> !before.contains(thread) && thread.getName().equals(name))
        .findAny()
        .orElseThrow();
  }
}
