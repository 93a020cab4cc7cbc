package consumer;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;

/** Sends itself a message and ends by itself. */
public final class Program {
  private Program() {}

  /** Fails if the message does not come. */
  public static void main(String[] arguments) throws IOException {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (MessageSocket here = MessageSocket.builder().mode(Mode.RELIABLE).bind(any).open();
        MessageSocket there = MessageSocket.builder().mode(Mode.RELIABLE).bind(any).open()) {
      here.send(there.localAddress(), "hello".getBytes(UTF_8));
      Message message = there.receive(Duration.ofSeconds(20));
      if (message == null || !message.text().equals("hello")) {
        throw new IllegalStateException("received " + message);
      }
    }
  }
}
