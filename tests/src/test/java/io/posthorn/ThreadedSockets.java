package io.posthorn;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Sockets of several threads and their peers, which send numbers. */
abstract class ThreadedSockets {
  static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  static final Duration GUARD = Duration.ofSeconds(60);
  static final int THREADS = 3;
  static final int PEERS = 16;

  static MessageSocketBuilder builder() {
    return MessageSocket.builder().bind(ANY);
  }

  /** A socket of several threads. */
  static MessageSocket listener() throws IOException {
    return builder().ioThreads(THREADS).open();
  }

  static byte[] number(int n) {
    return ByteBuffer.allocate(Integer.BYTES).putInt(n).array();
  }

  static int number(Message message) {
    assertNotNull(message, "no message came");
    return ByteBuffer.wrap(message.bytes()).getInt();
  }

  static List<MessageSocket> open(int count) throws IOException {
    List<MessageSocket> sockets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      sockets.add(builder().open());
    }
    return sockets;
  }

  static void close(List<MessageSocket> sockets) {
    for (MessageSocket socket : sockets) {
      socket.close();
    }
  }

  /** Sends a number back to where one came from. */
  static void answer(MessageSocket server, InetSocketAddress to, int n) {
    try {
      server.send(to, number(n));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
