package io.posthorn.protocol.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.CongestionControl;
import io.posthorn.protocol.FrameSource;
import io.posthorn.protocol.congestion.Adaptive;
import io.posthorn.protocol.congestion.CongestionController;
import io.posthorn.protocol.congestion.Cubic;
import io.posthorn.protocol.congestion.NewReno;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** What a flow over a path of constant delay makes of congestion marks. */
class EcnReactionProperties {
  private static final long MS = 1_000_000L;
  private static final int PACKET = 1_200;
  private static final int RTT_MILLIS = 20;
  private static final int MILLIS = 700;

  /** The rate is what the path carries: so many packets each millisecond. */
  private static final int PACKETS_PER_MILLI = 4;

  private static CongestionController controller(CongestionControl control) {
    return switch (control) {
      case NEW_RENO -> new NewReno(PACKET);
      case CUBIC -> new Cubic(PACKET);
      case ADAPTIVE -> new Adaptive(PACKET);
    };
  }

  /**
   * The window at the end of each millisecond.
   *
   * @param congestion from each of these milliseconds on, the next acknowledgement reports a mark
   * @param often whether all those within a round trip after it do so too
   */
  private static List<Long> windows(
      CongestionControl control, List<Integer> congestion, boolean often) {
    ArrayDeque<Integer> due = new ArrayDeque<>(congestion.stream().sorted().toList());
    int reacted = -MILLIS;
    PacketRecovery recovery = new PacketRecovery(() -> controller(control), new FrameSource[0]);
    List<Long> windows = new ArrayList<>();
    long[] sentUpTo = new long[MILLIS];
    long acknowledged = 0;
    long sent = 0;
    long ect0 = 0;
    long ce = 0;
    for (int milli = 0; milli < MILLIS; milli++) {
      long now = milli * MS;
      long arrived = milli < RTT_MILLIS ? 0 : sentUpTo[milli - RTT_MILLIS];
      if (arrived > acknowledged) {
        // Only packets that carry a mark can arrive with that of congestion.
        long marked = 0;
        for (long number = acknowledged; number < arrived; number++) {
          marked += recovery.sent().isMarked(number) ? 1 : 0;
        }
        boolean sameRound = milli <= reacted + RTT_MILLIS;
        boolean congested = sameRound && often;
        if (!sameRound && !due.isEmpty() && due.peek() <= milli && ect0 > 0) {
          congested = true;
          reacted = milli;
          while (!due.isEmpty() && due.peek() <= milli) {
            due.remove();
          }
        }
        congested &= marked > 0;
        ce += congested ? 1 : 0;
        ect0 += marked - (congested ? 1 : 0);
        assertNull(
            recovery.onAck(
                0,
                new long[] {acknowledged},
                new long[] {arrived - 1},
                1,
                ect0,
                0,
                ect0 + ce == 0 ? -1 : ce,
                now));
        acknowledged = arrived;
      }
      for (int i = 0; i < PACKETS_PER_MILLI && recovery.windowAllows(PACKET); i++) {
        recovery.onPacketSent(PACKET, true, false, recovery.ecn().marksNext(true), now);
        sent++;
      }
      sentUpTo[milli] = sent;
      windows.add(recovery.controller().windowBytes());
    }
    assertEquals(ce, recovery.ecn().packetsMarkedCe());
    return windows;
  }

  /** All that was in flight when a flow reacted met the same queue: its marks say nothing new. */
  @Property(tries = 60)
  void oneRoundTripHasOneReaction(
      @ForAll CongestionControl control,
      @ForAll @Size(min = 1, max = 8) List<@IntRange(min = 60, max = MILLIS - 1) Integer> at) {
    List<Long> once = windows(control, at, false);
    List<Long> often = windows(control, at, true);
    for (int milli = 0; milli < MILLIS; milli++) {
      assertEquals(once.get(milli), often.get(milli), "window at " + milli + " ms");
    }
  }

  @Property(tries = 30)
  void markOfCongestionMakesTheWindowSmaller(
      @ForAll CongestionControl control, @ForAll @IntRange(min = 100, max = 300) int milli) {
    List<Long> without = windows(control, List.of(), false);
    List<Integer> marks = new ArrayList<>();
    for (int i = milli; i < MILLIS; i += 2 * RTT_MILLIS) {
      marks.add(i);
    }
    List<Long> with = windows(control, marks, false);
    assertTrue(
        with.get(MILLIS - 1) < without.get(MILLIS - 1),
        () -> control + ": " + with.get(MILLIS - 1) + " of " + without.get(MILLIS - 1));
  }
}
