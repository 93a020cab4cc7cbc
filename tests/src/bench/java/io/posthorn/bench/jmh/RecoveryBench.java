package io.posthorn.bench.jmh;

import io.posthorn.protocol.FrameSource;
import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.congestion.Adaptive;
import io.posthorn.protocol.congestion.Cubic;
import io.posthorn.protocol.recovery.PacketRecovery;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What a packet costs the sender: noted when it leaves, settled when its ACK comes, or lost. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RecoveryBench {
  private static final int PACKETS = 64;
  private static final int PACKET_BYTES = 1_200;
  private static final long ROUND_TRIP_NANOS = 20_000_000;

  /** About as many numbers as are kept behind a lost packet, for a while. */
  private static final int KEPT = 14_000;

  /** The shortest ACK_ECN of so many. */
  private static final int BOMB_BYTES = 11;

  @Param({"cubic", "adaptive"})
  public String controller;

  private final long[] first = new long[2];
  private final long[] last = new long[2];
  private PacketRecovery recovery;
  private PacketRecovery bombed;
  private long now;

  /** Takes note of nothing. */
  private static final class Silent implements FrameSource {
    private long settled;

    @Override
    public boolean hasFrames(long nowNanos) {
      return false;
    }

    @Override
    public void writeFrames(PacketBuilder out, long nowNanos) {}

    @Override
    public void onAcknowledged(long first, long second, long nowNanos) {
      settled++;
    }

    @Override
    public void onLost(long first, long second, long nowNanos) {
      settled++;
    }

    @Override
    public void onProbe(long first, long second, long nowNanos) {}

    @Override
    public long deadlineNanos() {
      return Long.MAX_VALUE;
    }

    @Override
    public void onTimeout(long nowNanos) {}
  }

  /** Makes the recovery of one connection. */
  @Setup
  public void open() {
    recovery =
        new PacketRecovery(
            () -> controller.equals("cubic") ? new Cubic(PACKET_BYTES) : new Adaptive(PACKET_BYTES),
            new FrameSource[] {new Silent()});
    bombed = new PacketRecovery(() -> new Cubic(PACKET_BYTES), new FrameSource[] {new Silent()});
    for (int i = 0; i < KEPT; i++) {
      bombed.onPacketSent(PACKET_BYTES, true, false, true, 0);
    }
    first[0] = 1;
    last[0] = KEPT - 1;
    bombed.onAck(0, first, last, 1, KEPT - 1, 0, 0, ROUND_TRIP_NANOS);
  }

  /**
   * FAULTS 48, at most 50 µs: a datagram of nothing but ACKs, each of which repeats all that
   * arrived since a hole, and marks of congestion.
   */
  @Benchmark
  public void ackBomb() {
    first[0] = 1;
    last[0] = KEPT - 1;
    for (int left = 1_472; left >= BOMB_BYTES; left -= BOMB_BYTES) {
      bombed.onAck(0, first, last, 1, KEPT - 1, 0, 1, ROUND_TRIP_NANOS);
    }
  }

  private long send() {
    long from = recovery.sent().next();
    for (int i = 0; i < PACKETS; i++) {
      recovery.sent().token((byte) 0, i, 0);
      recovery.onPacketSent(PACKET_BYTES, true, false, false, now);
    }
    now += ROUND_TRIP_NANOS;
    return from;
  }

  /** All arrive, and one ACK says so. */
  @Benchmark
  @OperationsPerInvocation(PACKETS)
  public Object acknowledged() {
    first[0] = send();
    last[0] = recovery.sent().next() - 1;
    return recovery.onAck(0, first, last, 1, 0, 0, -1, now);
  }

  /** One in the middle is lost. */
  @Benchmark
  @OperationsPerInvocation(PACKETS)
  public Object oneLost() {
    first[0] = send();
    last[0] = first[0] + PACKETS / 2;
    first[1] = last[0] + 2;
    last[1] = recovery.sent().next() - 1;
    return recovery.onAck(0, first, last, 2, 0, 0, -1, now);
  }
}
