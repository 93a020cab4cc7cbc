package io.posthorn.cli.compare;

import io.posthorn.Mode;
import io.posthorn.SocketOptions;
import io.posthorn.simulation.LinkCounters;
import io.posthorn.simulation.SimulatedNetwork;
import io.posthorn.simulation.SimulatedSocket;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.SplittableRandom;

/** The messages of a plan on their way from one simulated host to another. */
final class SimulatedFlow {
  private final SocketOptions options;
  private final ComparePlan plan;
  private final MessageSchedule schedule;
  private final SimulatedNetwork network;
  private final InetSocketAddress server;
  private final SimulatedSocket sender;
  private final SimulatedSocket receiver;
  private final DeliveryLog log;
  private final TestMessage messages;
  private final byte[] scratch;
  private long startNanos;
  private int next;
  private String failure = "";

  SimulatedFlow(
      Transport transport,
      ComparePlan plan,
      int run,
      SimulatedNetwork network,
      InetSocketAddress client,
      InetSocketAddress server) {
    this.options =
        SocketOptions.defaults(transport == Transport.PLAIN ? Mode.PLAIN : Mode.RELIABLE);
    this.plan = plan;
    this.schedule = plan.schedule();
    this.network = network;
    this.server = server;
    this.log = new DeliveryLog(schedule, plan.messageBytes());
    this.messages = new TestMessage(plan.messageBytes());
    this.scratch = new byte[plan.messageBytes()];
    // Two streams of one seed: neither host knows the other's numbers.
    SplittableRandom random = new SplittableRandom(plan.seed(run));
    sender = new SimulatedSocket(options, client, random.split());
    receiver = new SimulatedSocket(options, server, random.split());
    sender.onConnected(this::begin);
    sender.onWritable(() -> network.at(network.nowNanos(), this::sendDue));
    sender.onClosed(reason -> failure = "the connection ended: " + reason);
    receiver.onMessage((from, body) -> onMessage(body));
    network.attach(client, sender).attach(server, receiver);
    if (transport == Transport.PLAIN) {
      begin();
    } else {
      sender.connect(server, network.nowNanos());
    }
  }

  /** The connection is open, or none is needed: the first message is due now. */
  private void begin() {
    startNanos = network.nowNanos();
    network.at(startNanos, this::sendDue);
  }

  private void sendDue() {
    long now = network.nowNanos();
    while (next < plan.messages() && startNanos + schedule.dueNanos(next) <= now) {
      long dueNanos = schedule.dueNanos(next);
      byte[] body = new byte[plan.messageBytes()];
      messages.write(body, 0, next, dueNanos);
      if (!sender.trySend(server, body, now)) {
        return; // onWritable comes when there is room
      }
      log.onSent();
      next++;
    }
    if (next < plan.messages()) {
      network.at(startNanos + schedule.dueNanos(next), this::sendDue);
    }
  }

  private void onMessage(byte[] body) {
    System.arraycopy(body, 0, scratch, 0, Math.min(body.length, scratch.length));
    int index = messages.index(scratch, 0, body.length);
    if (index == TestMessage.CORRUPTED) {
      log.onCorrupted();
    } else {
      log.onArrived(index, network.nowNanos() - startNanos);
    }
  }

  /** Whether it is of no use to wait on. */
  boolean isOver() {
    if (!failure.isEmpty()) {
      return true;
    }
    if (next < plan.messages()) {
      return false;
    }
    if (options.mode() == Mode.RELIABLE) {
      return log.lost() == 0;
    }
    LinkCounters wire = network.counters();
    long dropped = wire.lost() + wire.outageDropped() + wire.mtuDropped() + wire.queueDropped();
    return wire.offered() - dropped + wire.duplicated() <= wire.delivered(); // nothing is held
  }

  DeliveryLog log() {
    return log;
  }

  String failure() {
    return failure;
  }

  long payloadBytes() {
    return sender.bytesSent() + receiver.bytesSent();
  }

  /** The messages' worth of bytes that were sent again. */
  long retransmissions() {
    long bytes = sender.bytesRetransmitted();
    return (bytes + plan.messageBytes() - 1) / plan.messageBytes();
  }

  String congestionController() {
    return options.mode() == Mode.PLAIN
        ? ""
        : options.congestionControl().name().toLowerCase(Locale.ROOT);
  }
}
