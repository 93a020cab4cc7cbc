package io.posthorn.testkit.sample;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.SimulatedNetwork;
import io.posthorn.testkit.jqwik.NetworkDomain;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.SocketAddress;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.domains.Domain;
import net.jqwik.api.domains.DomainContext;

/** What the tutorial's reader writes. */
public class TallyExample {
  @Property(tries = 1_000)
  @Domain(NetworkDomain.class)
  @Domain(DomainContext.Global.class)
  public void everyTotalIsRight(@ForAll LinkConditions link, @ForAll long seed) throws IOException {
    SimulatedNetwork network = SimulatedNetwork.seeded(seed).link(link);
    try (DatagramSocket server = network.socket();
        DatagramSocket client = network.socket()) {
      network.start(() -> TallyServer.serve(server));
      TallyClient tally = tally(client, server.getLocalSocketAddress());
      for (int total = 1; total <= 5; total++) {
        assertEquals(total, tally.add(1));
      }
    }
  }

  TallyClient tally(DatagramSocket socket, SocketAddress server) throws IOException {
    return new TallyClient(socket, server);
  }
}
