package consumer;

import io.posthorn.simulation.SimulatedNetwork;
import io.posthorn.testkit.jqwik.NetworkDomain;
import io.posthorn.testkit.jqwik.NetworkSchedule;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.SocketTimeoutException;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.domains.Domain;
import net.jqwik.api.domains.DomainContext;

class EchoProperties {
  @Property(tries = 200)
  @Domain(NetworkDomain.class)
  @Domain(DomainContext.Global.class)
  void everyQuestionIsAnswered(@ForAll NetworkSchedule schedule, @ForAll long seed)
      throws IOException {
    SimulatedNetwork network = schedule.applyTo(SimulatedNetwork.seeded(seed));
    try (DatagramSocket server = network.socket();
        DatagramSocket client = network.socket()) {
      network.start(
          () -> {
            DatagramPacket packet = new DatagramPacket(new byte[1], 1);
            while (true) {
              server.receive(packet);
              server.send(packet);
            }
          });
      client.setSoTimeout(500);
      client.connect(server.getLocalSocketAddress());
      for (boolean answered = false; !answered; ) {
        client.send(new DatagramPacket(new byte[] {1}, 1));
        try {
          client.receive(new DatagramPacket(new byte[1], 1));
          answered = true;
        } catch (SocketTimeoutException lost) {
          // again
        }
      }
    }
  }
}
