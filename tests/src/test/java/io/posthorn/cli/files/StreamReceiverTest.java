package io.posthorn.cli.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Connection;
import io.posthorn.ConnectionClosedException;
import io.posthorn.MessageSocket;
import io.posthorn.cli.files.CopyMessage.End;
import io.posthorn.cli.files.CopyMessage.File;
import io.posthorn.cli.files.CopyMessage.Hello;
import io.posthorn.cli.files.CopyMessage.Hole;
import io.posthorn.cli.files.CopyMessage.Piece;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A receiver to a stream, and a sender that says what it likes. */
@Timeout(60)
class StreamReceiverTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private static File file(long size) {
    return new File(1, "x", 0644, 0, 0, size, 0, false, new byte[0]);
  }

  private static Piece piece(String text) {
    return new Piece(text.getBytes(UTF_8), 0);
  }

  private static End end(String text) {
    byte[] bytes = text.getBytes(UTF_8);
    TreeHash hash = new TreeHash();
    hash.update(bytes, 0, bytes.length);
    return new End(bytes.length, hash.hash());
  }

  private static MessageSocket socket() throws IOException {
    return MessageSocket.builder()
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .open();
  }

  private boolean receive(List<CopyMessage> said, boolean breach) throws Exception {
    try (MessageSocket server = socket();
        MessageSocket client = socket()) {
      Connection sender = client.connect(server.localAddress());
      Connection accepted = server.accept(LONG);
      assertNotNull(accepted);
      CompletableFuture<Boolean> whole = new CompletableFuture<>();
      Thread thread =
          new Thread(
              () -> {
                try {
                  whole.complete(new StreamReceiver(accepted, out).run());
                } catch (IOException | RuntimeException failed) {
                  whole.completeExceptionally(failed);
                }
              });
      thread.setDaemon(true);
      thread.start();
      for (CopyMessage message : said) {
        sender.send(CopyMessage.encode(message));
      }
      if (!breach) {
        return whole.get(20, TimeUnit.SECONDS);
      }
      assertThrows(ExecutionException.class, () -> whole.get(20, TimeUnit.SECONDS));
      ConnectionClosedException closed =
          assertThrows(
              ConnectionClosedException.class,
              () -> {
                for (int heard = 0; heard < said.size(); heard++) {
                  assertNotNull(sender.receive(LONG)); // a word from before the breach
                }
              });
      assertEquals(FileReceiver.CODE_PROTOCOL, closed.applicationCode());
      return false;
    }
  }

  private void assertBreach(CopyMessage... said) throws Exception {
    receive(List.of(said), true);
  }

  @Test
  void filesFollowEachOther() throws Exception {
    List<CopyMessage> said =
        List.of(
            new Hello(2, 5, ""),
            file(3),
            piece("one"),
            end("one"),
            file(-1),
            piece("two"),
            end("two"),
            file(2),
            new Hole(2),
            end("\0\0"),
            new CopyMessage.Done());
    assertTrue(receive(said, false));
    assertEquals("onetwo\0\0", out.toString(UTF_8));
  }

  @Test
  void moreThanDeclaredIsABreachAndNotWritten() throws Exception {
    assertBreach(new Hello(1, 1, ""), file(3), piece("four"));
    assertBreach(new Hello(1, 1, ""), file(3), new Hole(1L << 50));
    assertEquals(0, out.size());
  }

  private static File waiting(long size) {
    return new File(1, "x", 0644, 0, 0, size, 0, true, new byte[0]);
  }

  @Test
  void moreThanAnyReceiverTakesIsABreach() throws Exception {
    assertBreach(new Hello(10_000_001, 1, ""));
    assertBreach(
        new Hello(1, 1, ""), new File(1, "x", 0644, 0, 0, 2, 3, false, new byte[0]), piece("x"));
  }

  @Test
  void aFileThatIsTooLargeIsRefusedAndPassedOver() throws Exception {
    List<CopyMessage> said =
        List.of(
            new Hello(3, 3, ""),
            file(Long.MAX_VALUE),
            new Hole(Long.MAX_VALUE),
            end(""),
            waiting(Long.MAX_VALUE),
            file(3),
            piece("one"),
            end("one"),
            new CopyMessage.Done());
    assertFalse(receive(said, false));
    assertEquals("one", out.toString(UTF_8));
  }

  @Test
  void aStartIsSaidOnceAfterTheAnswerAndFromTheBeginning() throws Exception {
    List<CopyMessage> said =
        List.of(
            new Hello(1, 3, ""),
            waiting(3),
            new CopyMessage.Start(0),
            piece("one"),
            end("one"),
            new CopyMessage.Done());
    assertTrue(receive(said, false));
    assertBreach(new Hello(1, 1, ""), new CopyMessage.Start(0));
    assertBreach(new Hello(1, 1, ""), file(3), new CopyMessage.Start(0));
    assertBreach(new Hello(1, 1, ""), waiting(3), new CopyMessage.Start(1));
    assertBreach(new Hello(1, 1, ""), waiting(3), piece("x"));
    assertBreach(new Hello(1, 1, ""), waiting(3), end(""));
    assertEquals("one", out.toString(UTF_8));
  }

  @Test
  void aHoleInAStreamAndContentWithoutAFileAreBreaches() throws Exception {
    assertBreach(new Hello(1, 1, ""), file(-1), new Hole(1));
    assertBreach(new Hello(1, 1, ""), piece("x"));
    assertBreach(new Hello(1, 1, ""), new Hole(1));
    assertBreach(new Hello(1, 1, ""), end(""));
    assertBreach(file(1));
    assertBreach(new Hello(1, 1, ""), file(1), file(1));
    assertEquals(0, out.size());
  }
}
