package io.posthorn.cli.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.MessageSocket;
import io.posthorn.cli.files.CopyMessage.File;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The threads that bring files to the disk. */
@Timeout(90)
class FinisherTest {
  @TempDir Path folder;

  @Test
  void theEndDoesNotWaitForAFileThatAnInterruptKeptAway() throws Exception {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (MessageSocket socket = MessageSocket.builder().bind(any).open()) {
      Finisher finisher = new Finisher(socket.connect(socket.localAddress()), new SilentJournal());
      File file = new File(1, "name", 0644, 0, 0, 0, 0, false, new byte[0]);
      IncomingFile incoming = IncomingFile.open(file, folder.resolve("name"), false);
      Thread.currentThread().interrupt();
      assertThrows(InterruptedIOException.class, () -> finisher.finish(incoming));
      finisher.close();
      assertTrue(Thread.interrupted());
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(0, left.count());
    }
  }
}
