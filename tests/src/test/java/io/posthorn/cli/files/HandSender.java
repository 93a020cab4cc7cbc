package io.posthorn.cli.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Connection;
import io.posthorn.ConnectionClosedException;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.Security;
import io.posthorn.cli.files.CopyMessage.End;
import io.posthorn.cli.files.CopyMessage.File;
import io.posthorn.cli.files.CopyMessage.Hello;
import io.posthorn.cli.files.CopyMessage.Result;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A receiver and, at its other end, a test that says what it likes. */
abstract class HandSender {
  static final Duration LONG = Duration.ofSeconds(30);
  private static final byte[] NO_HASH = new byte[0];

  @TempDir Path all;
  Path target;
  MessageSocket server;
  MessageSocket client;
  Connection sender;
  CompletableFuture<Boolean> end;

  /** The names of what was stored, and of what was refused. */
  final List<String> told = Collections.synchronizedList(new ArrayList<>());

  private final FileReceiver.Journal journal =
      new FileReceiver.Journal() {
        @Override
        public void stored(String name, long bytes) {
          told.add(name);
        }

        @Override
        public void refused(String name, String reason) {
          told.add(name + ": refused");
        }
      };

  @BeforeEach
  void connect() throws IOException {
    target = Files.createDirectory(all.resolve("target"));
    server = socket();
    client = socket();
    begin(false);
  }

  static MessageSocket socket() throws IOException {
    return socket(Security.ephemeral());
  }

  static MessageSocket socket(Security security) throws IOException {
    return MessageSocket.builder()
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .security(security)
        .open();
  }

  /** Connects, and starts a receiver for that. */
  void begin(boolean overwrite) throws IOException {
    begin(client, overwrite);
  }

  void begin(MessageSocket from, boolean overwrite) throws IOException {
    begin(from.connect(server.localAddress()), overwrite);
  }

  void begin(Connection connected, boolean overwrite) throws IOException {
    sender = connected;
    Connection accepted = server.accept(LONG);
    assertNotNull(accepted);
    FileReceiver receiver =
        new FileReceiver(accepted, target, new FileReceiver.Settings(overwrite), journal);
    CompletableFuture<Boolean> its = new CompletableFuture<>();
    end = its;
    Thread thread =
        new Thread(
            () -> {
              try {
                its.complete(receiver.run());
              } catch (IOException | RuntimeException failed) {
                its.completeExceptionally(failed);
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  @AfterEach
  void close() {
    client.close(Duration.ZERO);
    server.close(Duration.ZERO);
  }

  void send(CopyMessage message) throws IOException {
    sender.send(CopyMessage.encode(message));
  }

  /** What the receiver says next, but for its progress. */
  <T> T next(Class<T> type) throws IOException {
    while (true) {
      Message message = sender.receive(LONG);
      assertNotNull(message, "no " + type);
      CopyMessage read = CopyMessage.decode(message.bytes());
      if (!(read instanceof CopyMessage.Progress)) {
        return assertInstanceOf(type, read);
      }
    }
  }

  void hello(String folder) throws IOException {
    send(new Hello(1, 1, folder));
    next(CopyMessage.Welcome.class);
  }

  static File file(int id, String name, long size, boolean waits) {
    return new File(id, name, 0640, 1_000_000_000, 0, size, Math.max(0, size), waits, NO_HASH);
  }

  void content(byte[] bytes) throws IOException {
    byte[] typed = new byte[bytes.length];
    System.arraycopy(bytes, 0, typed, 0, bytes.length);
    for (int at = 0; at < bytes.length; at += CopyMessage.LARGEST_PIECE_BYTES) {
      int to = Math.min(bytes.length, at + CopyMessage.LARGEST_PIECE_BYTES);
      send(new CopyMessage.Piece(java.util.Arrays.copyOfRange(typed, at, to), 0));
    }
  }

  static End end(byte[] bytes) {
    TreeHash hash = new TreeHash();
    hash.update(bytes, 0, bytes.length);
    return new End(bytes.length, hash.hash());
  }

  /** Sends a small file whose answer is not waited for. */
  void sendUnasked(int id, String name, String text) throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    send(file(id, name, bytes.length, false));
    content(bytes);
    send(end(bytes));
  }

  Result sendSmall(int id, String name, String text) throws IOException {
    sendUnasked(id, name, text);
    return next(Result.class);
  }

  void finish() throws Exception {
    send(new CopyMessage.Done());
    next(CopyMessage.Done.class);
    assertTrue(end.get(30, TimeUnit.SECONDS));
  }

  /** The receiver ends the conversation, and says why. */
  void assertRefused(String words) {
    ConnectionClosedException closed =
        assertThrows(
            ConnectionClosedException.class,
            () -> {
              while (sender.receive(LONG) != null) {
                assertTrue(sender.isOpen());
              }
            });
    assertEquals(FileReceiver.CODE_PROTOCOL, closed.applicationCode());
    assertTrue(String.valueOf(closed.getMessage()).contains(words), closed.getMessage());
  }
}
