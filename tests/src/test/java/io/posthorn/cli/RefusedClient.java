package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.posthorn.Connection;
import io.posthorn.ConnectionClosedException;
import io.posthorn.MessageSocket;
import java.net.InetSocketAddress;

/** A client that comes to a server which serves another. */
public final class RefusedClient {
  private RefusedClient() {}

  /** What it is told: by connect already, if the server's word comes with what opens. */
  public static ConnectionClosedException refusal(
      MessageSocket client, InetSocketAddress server, byte[] says) {
    return assertThrows(
        ConnectionClosedException.class,
        () -> {
          Connection late = client.connect(server);
          late.send(says);
          late.closed().get();
          late.send(new byte[1]);
        });
  }
}
