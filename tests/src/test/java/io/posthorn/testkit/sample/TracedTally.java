package io.posthorn.testkit.sample;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.posthorn.simulation.LinkConditions;
import io.posthorn.testkit.SimulatedRun;
import io.posthorn.testkit.jqwik.NetworkDomain;
import java.net.DatagramSocket;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.domains.Domain;
import net.jqwik.api.domains.DomainContext;

/** The tutorial's property, which leaves a trace when it fails. */
public class TracedTally {
  @Property(tries = 1_000)
  @Domain(NetworkDomain.class)
  @Domain(DomainContext.Global.class)
  public void everyTotalIsRight(@ForAll LinkConditions link, @ForAll long seed) throws Exception {
    SimulatedRun.over(
        seed,
        link,
        network -> {
          try (DatagramSocket server = network.socket();
              DatagramSocket client = network.socket()) {
            network.start(() -> TallyServer.serve(server));
            TallyClient tally = new TallyClient(client, server.getLocalSocketAddress());
            for (int total = 1; total <= 5; total++) {
              assertEquals(total, tally.add(1));
            }
          }
        });
  }
}
