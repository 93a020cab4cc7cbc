package consumer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.SimulatedNetwork;
import io.posthorn.testkit.BadNetwork;
import io.posthorn.testkit.TestRelay;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class EchoTest {
  private static void echo(DatagramSocket socket) throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[100], 100);
    while (true) {
      socket.receive(packet);
      socket.send(packet);
    }
  }

  private static void askUntilAnswered(DatagramSocket client) throws IOException {
    client.setSoTimeout(100);
    DatagramPacket answer = new DatagramPacket(new byte[100], 100);
    while (true) {
      client.send(new DatagramPacket(new byte[] {42}, 1));
      try {
        client.receive(answer);
        assertEquals(42, answer.getData()[0]);
        return;
      } catch (SocketTimeoutException lost) {
        // again
      }
    }
  }

  @RepeatedTest(3)
  @BadNetwork("delay 1ms loss 30%")
  void answerComesOverRealSockets(TestRelay relay) throws Exception {
    try (DatagramSocket server = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        DatagramSocket client = new DatagramSocket()) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  echo(server);
                } catch (IOException closed) {
                  // done
                }
              });
      thread.start();
      client.connect(relay.inFrontOf(server.getLocalPort()));
      askUntilAnswered(client);
    }
  }

  @Test
  void answerComesInVirtualTime() throws Exception {
    LinkConditions bad = LinkConditions.parse("delay 40ms loss 30%");
    SimulatedNetwork network = SimulatedNetwork.seeded(1).link(bad);
    try (DatagramSocket server = network.socket();
        DatagramSocket client = network.socket()) {
      network.start(() -> echo(server));
      client.connect(server.getLocalSocketAddress());
      for (int i = 0; i < 100; i++) {
        askUntilAnswered(client);
      }
    }
  }

  @Test
  void jqwikIsNotNeeded() {
    assertThrows(ClassNotFoundException.class, () -> Class.forName("net.jqwik.api.Property"));
  }
}
