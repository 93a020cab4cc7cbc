package io.posthorn.cli.compare;

import io.posthorn.simulation.LinkCounters;
import io.posthorn.simulation.SimulatedLink;
import io.posthorn.simulation.SimulatedNetwork;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.function.BiConsumer;

/**
 * Plain and reliable in virtual time: the same code in a simulated network, with figures that are
 * the same to the last digit for a seed.
 */
public final class SimulatedArena implements Arena {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int PORT = 9_000;

  /** An arena. */
  public SimulatedArena() {}

  @Override
  public String description() {
    return "simulated, in virtual time";
  }

  @Override
  public String whyNot(Transport transport) {
    return transport == Transport.TCP ? "the kernel's TCP does not run in virtual time" : "";
  }

  @Override
  public Measurement run(
      Transport transport, ComparePlan plan, int run, BiConsumer<Integer, Integer> progress) {
    InetSocketAddress client = address(1);
    InetSocketAddress server = address(2);
    SimulatedNetwork network = SimulatedNetwork.seeded(plan.seed(run)).link(plan.conditions());
    SimulatedFlow flow = new SimulatedFlow(transport, plan, run, network, client, server);
    Duration limit = Duration.ofNanos(plan.schedule().lastDueNanos()).plus(PATIENCE);
    network.runUntil(flow::isOver, limit);
    progress.accept(flow.log().sent(), flow.log().delivered());
    LinkCounters wire = network.counters();
    return new Measurement(
        flow.log().summary(),
        wire.offered(),
        flow.payloadBytes() + SimulatedLink.IPV4_UDP_BYTES * wire.offered(),
        flow.retransmissions(),
        flow.congestionController(),
        flow.failure(),
        "");
  }

  private static InetSocketAddress address(int host) {
    try {
      return new InetSocketAddress(
          InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) host}), PORT);
    } catch (UnknownHostException impossible) {
      throw new IllegalStateException("four bytes are an address", impossible);
    }
  }

  @Override
  public void close() {
    // A network is garbage when its run is over.
  }
}
