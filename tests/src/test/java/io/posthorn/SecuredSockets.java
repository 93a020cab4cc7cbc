package io.posthorn;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** The sockets of one test, a folder for their files, and whether two talk to each other. */
abstract class SecuredSockets {
  static final Duration LIMIT = Duration.ofSeconds(20);

  /** What is closed at the end of the test. */
  final List<MessageSocket> opened = new ArrayList<>();

  @TempDir Path folder;

  @AfterEach
  void closeAll() {
    for (MessageSocket socket : opened) {
      socket.close(Duration.ZERO);
    }
  }

  MessageSocket open(Security security) throws IOException {
    return open(security, 0);
  }

  MessageSocket open(Security security, int port) throws IOException {
    MessageSocket socket =
        MessageSocket.builder()
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
            .security(security)
            .handshakeTimeout(LIMIT)
            .open();
    opened.add(socket);
    return socket;
  }

  /** One message, which has to arrive. */
  static void exchange(MessageSocket client, MessageSocket server) throws IOException {
    Connection connection = client.connect(server.localAddress());
    connection.send("hello".getBytes(UTF_8));
    Message message = server.receive(LIMIT);
    assertNotNull(message);
    assertArrayEquals("hello".getBytes(UTF_8), message.bytes());
  }

  /** Why the client does not talk to the server. */
  static String refused(MessageSocket client, MessageSocket server) {
    return assertThrows(
            PeerIdentityChangedException.class, () -> client.connect(server.localAddress()))
        .getMessage();
  }
}
