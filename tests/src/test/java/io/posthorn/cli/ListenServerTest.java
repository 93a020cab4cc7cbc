package io.posthorn.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Connection;
import io.posthorn.ConnectionClosedException;
import io.posthorn.MessageSocket;
import io.posthorn.Security;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The end of a listener whose peers are there still. */
@Timeout(120)
class ListenServerTest {
  /** As a pipe that is full and that nobody reads. */
  private static final class Unread extends OutputStream {
    final CompletableFuture<Void> written = new CompletableFuture<>();
    final CompletableFuture<Void> read = new CompletableFuture<>();

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
      written.complete(null);
      read.join();
    }
  }

  private static MessageSocket socket() throws IOException {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    return MessageSocket.builder().security(Security.ephemeral()).bind(any).open();
  }

  @Test
  void peersAreToldOfTheEndThoughNobodyReadsWhatIsPrinted() throws Exception {
    Unread out = new Unread();
    OutputStream err = OutputStream.nullOutputStream();
    Streams streams = new Streams(InputStream.nullInputStream(), out, err, false, false, Map.of());
    Output output = new Posthorn(streams).output(false);
    try (MessageSocket socket = socket();
        MessageSocket peer = socket()) {
      Printout printout = new Printout(new MessageWriter(Framing.RAW, output, null));
      ListenServer.Settings settings = new ListenServer.Settings(false, false, null);
      ListenServer server = new ListenServer(socket, settings, printout, output);
      server.begin();
      Connection connection = peer.connect(socket.localAddress());
      connection.send("hello".getBytes(UTF_8));
      out.written.get(60, TimeUnit.SECONDS);
      CompletableFuture<Void> drained =
          CompletableFuture.runAsync(
              () -> {
                try {
                  server.drain();
                } catch (IOException | InterruptedException failed) {
                  throw new CompletionException(failed);
                }
              },
              task -> new Thread(task, "drain").start());
      connection.closed().get(60, TimeUnit.SECONDS);
      assertTrue(
          assertThrows(ConnectionClosedException.class, () -> connection.send(new byte[1]))
              .isByPeer());
      drained.get(60, TimeUnit.SECONDS);
    } finally {
      out.read.complete(null);
    }
  }
}
