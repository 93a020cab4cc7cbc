package io.posthorn.protocol.congestion;

import io.posthorn.protocol.FrameSource;
import io.posthorn.protocol.recovery.PacketRecovery;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/**
 * Bulk flows over one bottleneck with a drop-tail queue: controller, pacer and recovery alone,
 * without connections or packets, so that seconds of a flow take milliseconds. Each packet is
 * acknowledged by itself, and no acknowledgement gets lost.
 */
final class Bottleneck {
  static final int PACKET_BYTES = 1_250;

  private static final long NEVER = Long.MAX_VALUE;

  /** An acknowledgement on its way back. */
  private record Answer(Flow flow, long packetNumber, long nanos) {}

  /** One sender. */
  final class Flow {
    final CongestionController controller;
    private final PacketRecovery recovery;
    private long applicationIntervalNanos;
    private long nextDueNanos;
    long deliveredBytes;
    long sentPackets;
    long overflowedPackets;

    private Flow(CongestionController controller, long startNanos) {
      this.controller = controller;
      this.nextDueNanos = startNanos;
      recovery = new PacketRecovery(() -> controller, new FrameSource[0]);
    }

    /** From now on the application has one packet for each such interval. */
    void thin(long intervalNanos) {
      applicationIntervalNanos = intervalNanos;
      nextDueNanos = Math.max(nextDueNanos, now);
    }

    /** From now on the application has more than the path takes. */
    void bulk() {
      applicationIntervalNanos = 0;
      nextDueNanos = now;
    }

    /** What it delivered, in megabits a second, over so many seconds. */
    double megabits(long bytesBefore, double seconds) {
      return (deliveredBytes - bytesBefore) * 8 / seconds / 1e6;
    }

    private long wakeNanos() {
      long deadline = recovery.deadlineNanos(now);
      if (!recovery.probes().isDue() && !recovery.windowAllows(PACKET_BYTES)) {
        return deadline;
      }
      boolean may = recovery.probes().isDue() || recovery.pacerAllows(PACKET_BYTES, 0, now);
      long ready = may ? now : recovery.pacerReadyNanos(PACKET_BYTES, now);
      return Math.min(deadline, Math.max(ready, nextDueNanos));
    }

    private void wake() {
      recovery.onTimeout(now);
      while (now >= nextDueNanos
          && (recovery.probes().isDue()
              || (recovery.windowAllows(PACKET_BYTES)
                  && recovery.pacerAllows(PACKET_BYTES, 0, now)))) {
        long number = recovery.sent().next();
        boolean limited = applicationIntervalNanos > 0;
        recovery.onPacketSent(PACKET_BYTES, true, limited, false, now);
        sentPackets++;
        nextDueNanos = limited ? nextDueNanos + applicationIntervalNanos : now;
        carry(this, number);
      }
    }

    private void acknowledged(long number) {
      deliveredBytes += PACKET_BYTES;
      ranges[0] = number;
      recovery.onAck(0, ranges, ranges, 1, 0, 0, -1, now);
    }
  }

  private final long[] ranges = new long[1];
  private final Random random;
  private final List<Flow> flows = new ArrayList<>();
  private final ArrayDeque<Answer> answers = new ArrayDeque<>();
  private final long queueLimitBytes;
  private double megabits;
  private long roundTripNanos;
  private double lossShare;
  private boolean broken;
  private long now;
  private long linkFreeNanos;
  private double queueNanosTotal;
  private long arrivals;

  /** A link of so many Mbit/s and milliseconds there and back, and a queue for so many ms. */
  Bottleneck(double megabits, long roundTripMillis, long queueMillis, long seed) {
    this.megabits = megabits;
    this.roundTripNanos = roundTripMillis * 1_000_000;
    this.queueLimitBytes = (long) (megabits * 1e6 / 8 * queueMillis / 1e3);
    this.random = new Random(seed);
  }

  /** Loses this share of the packets by itself. */
  Bottleneck losing(double share) {
    lossShare = share;
    return this;
  }

  /** Nothing gets through, or again everything. */
  void broken(boolean nothingArrives) {
    broken = nothingArrives;
  }

  void rate(double newMegabits) {
    megabits = newMegabits;
  }

  /** The way becomes longer. */
  void roundTrip(long millis) {
    roundTripNanos = millis * 1_000_000;
  }

  Flow add(Supplier<CongestionController> controllers) {
    Flow flow = new Flow(controllers.get(), now);
    flows.add(flow);
    return flow;
  }

  /** Lets so many seconds pass. */
  void run(double seconds) {
    long end = now + (long) (seconds * 1e9);
    while (true) {
      long next = answers.isEmpty() ? NEVER : answers.peekFirst().nanos();
      for (Flow flow : flows) {
        next = Math.min(next, Math.max(now, flow.wakeNanos()));
      }
      if (next > end) {
        now = end;
        return;
      }
      now = next;
      while (!answers.isEmpty() && answers.peekFirst().nanos() <= now) {
        Answer answer = answers.removeFirst();
        answer.flow().acknowledged(answer.packetNumber());
      }
      for (Flow flow : flows) {
        if (flow.wakeNanos() <= now) {
          flow.wake();
        }
      }
    }
  }

  private void carry(Flow flow, long number) {
    double nanosPerByte = 8e3 / megabits;
    long waitNanos = Math.max(0, linkFreeNanos - now);
    queueNanosTotal += waitNanos;
    arrivals++;
    if (waitNanos / nanosPerByte + PACKET_BYTES > queueLimitBytes) {
      flow.overflowedPackets++;
      return;
    }
    linkFreeNanos = now + waitNanos + (long) (PACKET_BYTES * nanosPerByte);
    if (broken || random.nextDouble() < lossShare) {
      return;
    }
    answers.addLast(new Answer(flow, number, linkFreeNanos + roundTripNanos));
  }

  /** Mean wait in the queue since the last call, in milliseconds. */
  double queueMillis() {
    double mean = queueNanosTotal / Math.max(1, arrivals) / 1e6;
    queueNanosTotal = 0;
    arrivals = 0;
    return mean;
  }
}
