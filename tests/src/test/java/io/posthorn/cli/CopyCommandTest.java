package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.ConnectionClosedException;
import io.posthorn.MessageSocket;
import io.posthorn.Security;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code copy} in this process. */
@Timeout(120)
class CopyCommandTest {
  @TempDir private Path folder;

  /** What ends the first connection. */
  private static Throwable end(MessageSocket listener) {
    return assertThrows(IOException.class, () -> listener.accept().receive());
  }

  @Test
  void aPeerThatTakesNoFilesIsToldSo() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "x");
    InProcess here = new InProcess(Map.of("POSTHORN_HOME", folder.resolve("home").toString()), "");
    try (MessageSocket listener =
        MessageSocket.builder()
            .security(Security.ephemeral())
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .open()) {
      CompletableFuture<Throwable> end = new CompletableFuture<>();
      Thread listening = new Thread(() -> end.complete(end(listener)), "listening");
      listening.setDaemon(true);
      listening.start();
      int status =
          here.run("copy", file.toString(), "127.0.0.1:" + listener.localAddress().getPort());
      assertEquals(76, status, here::errors);
      ConnectionClosedException closed =
          assertInstanceOf(ConnectionClosedException.class, end.get(60, TimeUnit.SECONDS));
      assertEquals(76, closed.applicationCode());
      assertTrue(String.valueOf(closed.getMessage()).contains("receive"), closed.getMessage());
    }
  }
}
