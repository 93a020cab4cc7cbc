package io.posthorn.simulation;

import io.posthorn.ConnectionInfo;
import io.posthorn.endpoint.EndpointCounters;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.simulation.checker.History;
import io.posthorn.simulation.checker.History.Sent;
import io.posthorn.simulation.checker.MemoryChecker;
import java.util.List;
import java.util.function.Supplier;

/** The figures of a run of the soak: what hosts counted against what happened, and the sums. */
final class SoakFigures {
  private final SoakPlan plan;
  private final SimulatedNetwork network;
  private final History history;
  private final List<Party> parties;
  private final SoakWatch watch;
  private final long[] sent;
  private final long[] received;
  private final long[] messagesSent;
  private final long[] messagesReceived;

  SoakFigures(
      SoakPlan plan,
      SimulatedNetwork network,
      History history,
      List<Party> parties,
      SoakWatch watch) {
    this.plan = plan;
    this.network = network;
    this.history = history;
    this.parties = parties;
    this.watch = watch;
    sent = new long[plan.hosts()];
    received = new long[plan.hosts()];
    messagesSent = new long[plan.hosts()];
    messagesReceived = new long[plan.hosts()];
  }

  /** What connections say of themselves is possible. */
  void checkTable() {
    long ceiling = MemoryChecker.sendCeilingBytes(plan.options(), plan.largestBytes());
    for (Party party : parties) {
      for (ConnectionInfo row : party.endpoint().connections(network.nowNanos())) {
        fail(row.bytesQueued() > ceiling, () -> "over its ceiling: " + row);
        fail(
            row.bytesInFlight() < 0 || row.bytesInFlight() > (64 << 20), () -> "in flight: " + row);
        fail(
            row.packetsSpuriouslyLost() > row.packetsLost(),
            () -> "more spurious than lost: " + row);
        fail(row.packetsLost() > row.packetsSent(), () -> "more lost than sent: " + row);
      }
    }
  }

  /** Takes the counts of a process that is about to be gone. */
  void takeCounters(Party party) {
    EndpointCounters counters = party.endpoint().counters();
    sent[party.end] += counters.datagramsSent;
    received[party.end] += counters.datagramsReceived;
    messagesSent[party.end] += counters.messagesSent;
    messagesReceived[party.end] += counters.messagesReceived;
  }

  /** What a host counted in all its lives is what happened. */
  void checkCounters(Party party) {
    int end = party.end;
    long offered = 0;
    long delivered = -watch.unreachable(end);
    for (Party other : parties) {
      if (other != party) {
        offered += network.counters(party.address, other.address).offered();
        delivered += network.counters(other.address, party.address).delivered();
      }
    }
    same("datagrams sent", end, offered, sent[end]);
    same("datagrams received", end, delivered, received[end]);
    same(
        "messages sent",
        end,
        history.sent().stream().filter(each -> each.end() == end).count(),
        messagesSent[end]);
    same(
        "messages received",
        end,
        history.received().stream().filter(each -> each.end() == end).count(),
        messagesReceived[end]);
  }

  private static void same(String what, int end, long were, long counted) {
    fail(were != counted, () -> "end " + end + " counted " + counted + " " + what + ": " + were);
  }

  private static void fail(boolean failed, Supplier<String> why) {
    if (failed) {
      throw new AssertionError(why.get());
    }
  }

  /** Adds up what happened. */
  void sumUp(SoakTally tally) {
    tally.add(SoakTally.RUNS, 1);
    tally.add(SoakTally.VIRTUAL, network.nowNanos());
    LinkCounters counters = network.counters();
    tally.add("datagram.offered", counters.offered());
    tally.add("datagram.lost", counters.lost());
    tally.add("datagram.duplicated", counters.duplicated());
    tally.add("datagram.reordered", counters.reordered());
    tally.add("datagram.corrupted", counters.corrupted());
    tally.add("datagram.queue-full", counters.queueDropped());
    tally.add("datagram.in-outage", counters.outageDropped());
    tally.add("datagram.too-large", counters.mtuDropped());
    tally.add("datagram.unreachable", network.unreachable());
    tally.add("host.all", plan.hosts());
    for (Sent message : history.sent()) {
      tally.add("sent." + message.delivery(), 1);
      ReceiptOutcome outcome = history.outcome(message);
      tally.add("outcome." + (outcome == null ? "gone" : outcome), 1);
    }
    for (History.Received message : history.received()) {
      tally.add("received." + message.message().delivery(), 1);
    }
    for (History.Entry entry : history.entries()) {
      if (entry instanceof History.Told told) {
        if (told.event() instanceof EndpointEvent.Connected) {
          tally.add("told.CONNECTED", 1);
        } else if (told.event() instanceof EndpointEvent.PathChanged) {
          tally.add("told.PATH_CHANGED", 1);
        } else if (told.event() instanceof EndpointEvent.Closed end) {
          tally.add("told." + end.reason(), 1);
        }
      }
    }
  }
}
