package io.posthorn.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Connection;
import io.posthorn.ConnectionRefusedException;
import io.posthorn.MessageSocket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** FAULTS 27: a listener with a small heap, to which strangers connect until it refuses them. */
@EnabledOnOs(OS.LINUX)
@Timeout(180)
class CrowdedListenerTest {
  private static InetSocketAddress loopback(int index, int port) throws IOException {
    byte[] address = {127, 1, (byte) (index >> 8), (byte) index};
    return new InetSocketAddress(InetAddress.getByAddress(address), port);
  }

  @Test
  void fault27_aListenerRefusesStrangersBeforeItsHeapIsFull() throws Exception {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    List<Connection> connected = new ArrayList<>();
    // One socket is many peers: each address that it writes to is another.
    try (RunningProgram listener =
            RunningProgram.posthornWith(List.of("-Xmx32m"), "listen", "0.0.0.0:0");
        MessageSocket strangers = MessageSocket.builder().bind(any).maxConnections(10_000).open()) {
      int port = Integer.parseInt(listener.port());
      assertThrows(
          ConnectionRefusedException.class,
          () -> {
            while (connected.size() < 5_000) {
              connected.add(strangers.connect(loopback(connected.size(), port)));
            }
          });
      assertTrue(connected.size() >= 300, connected.size() + " peers");
      connected.get(connected.size() - 1).send("still here".getBytes(UTF_8));
      listener.awaitOutput("still here");
    }
  }
}
