package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.posthorn.Connection;
import io.posthorn.MessageSocket;
import io.posthorn.MessageSocketBuilder;
import io.posthorn.Receipt;
import io.posthorn.Security;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What comes back to a sender, and cannot be printed. */
@Timeout(120)
class RepliesTest {
  private static MessageSocketBuilder socket() {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    return MessageSocket.builder().security(Security.ephemeral()).bind(any);
  }

  /** An echo that is held up takes nothing more, and its sender would wait for it for ever. */
  @Test
  void aPeerIsNotHeldUpByRepliesThatCannotBePrinted() throws Exception {
    OutputStream err = OutputStream.nullOutputStream();
    Streams streams =
        new Streams(InputStream.nullInputStream(), new FullDisk(), err, false, false, Map.of());
    try (MessageSocket socket = socket().receiveBufferBytes(256 << 10).open();
        MessageSocket peer = socket().open();
        Replies replies = new Replies(socket, new Posthorn(streams).output(false), null)) {
      Connection connection = peer.connect(socket.localAddress());
      for (int i = 0; i < 50; i++) {
        connection.send(new byte[32 << 10]);
      }
      Receipt last = connection.send(connection.message().body(new byte[32 << 10]));
      assertNotNull(last.await(Duration.ofSeconds(60)));
      assertThrows(IOException.class, replies::requirePrinting);
    }
  }
}
