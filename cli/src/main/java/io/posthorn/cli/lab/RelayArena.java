package io.posthorn.cli.lab;

import io.posthorn.CongestionControl;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.TransportException;
import io.posthorn.cli.compare.Arena;
import io.posthorn.cli.compare.Carrier;
import io.posthorn.cli.compare.CarrierRun;
import io.posthorn.cli.compare.ComparePlan;
import io.posthorn.cli.compare.DeliveryLog;
import io.posthorn.cli.compare.Measurement;
import io.posthorn.cli.compare.RunningLogs;
import io.posthorn.cli.compare.SocketCarrier;
import io.posthorn.cli.compare.Transport;
import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.LinkCounters;
import io.posthorn.simulation.Relay;
import io.posthorn.simulation.SimulatedLink;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;

/**
 * Plain and reliable through a relay on the loopback, where there is no lab.
 *
 * <p>A relay takes TCP's bytes off the kernel's hands and so cannot lose its packets: whatever it
 * did would flatter or slander TCP, so TCP has no figures here.
 */
public final class RelayArena implements Arena {
  private final String whyNoLab;
  private final Duration patience;
  private final RunningLogs running = new RunningLogs();

  /**
   * An arena.
   *
   * @param whyNoLab why there is no lab, in words for the user
   */
  public RelayArena(String whyNoLab) {
    this(whyNoLab, LabArena.PATIENCE);
  }

  /** The same with another time for a connection to open, and for messages to arrive. */
  RelayArena(String whyNoLab, Duration patience) {
    this.whyNoLab = whyNoLab;
    this.patience = patience;
  }

  @Override
  public String description() {
    return "a relay on the loopback";
  }

  @Override
  public String whyNot(Transport transport) {
    return transport == Transport.TCP
        ? "a relay cannot lose the packets of the kernel's TCP, and here is no network of its own: "
            + whyNoLab
        : "";
  }

  @Override
  public Measurement run(
      Transport transport, ComparePlan plan, int run, BiConsumer<Integer, Integer> progress)
      throws IOException, InterruptedException {
    Mode mode = transport == Transport.PLAIN ? Mode.PLAIN : Mode.RELIABLE;
    LinkConditions conditions = plan.conditions();
    MessageSocket receiver =
        SocketCarrier.openReceiver(
            mode, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    try (Relay relay =
        Relay.inFrontOf(receiver.localAddress())
            .up(conditions)
            .down(conditions)
            .seed(plan.seed(run))
            .start()) {
      SocketCarrier carrier =
          SocketCarrier.prepare(
              mode, receiver, relay.localAddress(), patience.toNanos(), CongestionControl.ADAPTIVE);
      return run(carrier, plan, new Quiet(relay, conditions), progress);
    } finally {
      receiver.close(Duration.ZERO);
    }
  }

  private Measurement run(
      SocketCarrier carrier,
      ComparePlan plan,
      BooleanSupplier nothingUnderWay,
      BiConsumer<Integer, Integer> progress)
      throws IOException, InterruptedException {
    DeliveryLog log = new DeliveryLog(plan.schedule(), plan.messageBytes());
    CarrierRun.Outcome outcome;
    running.add(log);
    try (carrier) {
      carrier.connect();
      outcome = CarrierRun.run(carrier, plan, patience.toNanos(), nothingUnderWay, log, progress);
    } catch (TransportException noConnection) {
      // The network let none through: that is a result, beside which the others' figures stand.
      outcome = new CarrierRun.Outcome(Carrier.UNKNOWN, noConnection.what());
    } finally {
      running.remove(log);
    }
    return new Measurement(
        log.summary(),
        carrier.datagrams(),
        carrier.wireBytes(SimulatedLink.IPV4_UDP_BYTES),
        outcome.retransmissions(),
        carrier.congestionController(),
        outcome.failure(),
        "");
  }

  /** Whether a relay's links hold nothing, and nothing has moved for a while. */
  private static final class Quiet implements BooleanSupplier {
    private static final long LEAST_NANOS = 200_000_000L;

    private final Relay relay;
    private final long quietNanos;
    private LinkCounters last = LinkCounters.ZERO;
    private long sinceNanos = System.nanoTime();

    Quiet(Relay relay, LinkConditions conditions) {
      this.relay = relay;
      this.quietNanos = LEAST_NANOS + conditions.delayNanos() + 4 * conditions.jitterNanos();
    }

    @Override
    public boolean getAsBoolean() {
      LinkCounters now = relay.statistics().up();
      if (!now.equals(last)) {
        last = now;
        sinceNanos = System.nanoTime();
      }
      long dropped = now.lost() + now.outageDropped() + now.mtuDropped() + now.queueDropped();
      long held = now.offered() - dropped + now.duplicated() - now.delivered();
      return held <= 0 && System.nanoTime() - sinceNanos >= quietNanos;
    }
  }

  @Override
  public boolean endSending() {
    running.endSending();
    return true;
  }

  @Override
  public void close() {
    // Each run closes what it opened.
  }
}
