package io.posthorn.simulation.flow;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.CongestionControl;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/**
 * What bulk flows reach in the simulator, in virtual time and therefore always the same; floors a
 * little below what was measured. transport/PERFORMANCE.md has the whole table.
 */
class BulkFlowTest {
  /** In clear; with sealed packets of 1,472 bytes the payload is the same. */
  private static final int PACKET_BYTES = 1_460;

  private static double goodput(CongestionControl control, Link link) {
    return new SharedLink(link, 1).posthorn(control, PACKET_BYTES, 0).run(8).megabits(0, 0, 8);
  }

  private static SharedLink adaptive(Link link, int seconds) {
    return new SharedLink(link, 1)
        .posthorn(CongestionControl.ADAPTIVE, PACKET_BYTES, 0)
        .run(seconds);
  }

  private static void atLeast(double floor, double megabits) {
    assertTrue(megabits >= floor, () -> megabits + " Mbit/s, wanted " + floor);
  }

  @Test
  void adaptiveFillsACleanLinkAndHardlyItsQueue() {
    SharedLink run = adaptive(Link.of(20, 0), 8);
    atLeast(93, run.megabits(0, 0, 8));
    assertTrue(run.queueShare() < 0.2, () -> "queue " + run.queueShare());
    assertTrue(run.queueLoss() < 0.01, () -> "lost by itself " + run.queueLoss());
  }

  @Test
  void adaptiveTakesNoiseForNoise() {
    atLeast(82, goodput(CongestionControl.ADAPTIVE, Link.of(20, 10)));
    atLeast(78, goodput(CongestionControl.ADAPTIVE, Link.of(100, 5)));
  }

  @Test
  void adaptiveAsksForFewerAcknowledgements() {
    SharedLink run = adaptive(Link.of(20, 0), 3);
    assertTrue(run.answerShare() < 0.3, () -> run.answerShare() + " answers a packet");
  }

  @Test
  void adaptiveUsesAPathThatReorders() {
    SharedLink run = adaptive(new Link(50, 10, 2, "reorder 10%"), 4);
    atLeast(40, run.megabits(0, 0, 4));
    // Overtaken by far more than the RFC's thresholds allow for: 15 of 200 Mbit/s once.
    atLeast(165, goodput(CongestionControl.ADAPTIVE, new Link(200, 20, 1, "reorder 10%")));
  }

  /** Waits that come and go with each packet passed for a queue: 9, 9 and 6 Mbit/s once. */
  @Test
  void adaptiveUsesAPathWhoseDelayVaries() {
    atLeast(42, goodput(CongestionControl.ADAPTIVE, new Link(50, 50, 1, "10ms")));
    atLeast(55, goodput(CongestionControl.ADAPTIVE, new Link(100, 20, 1, "5ms loss 1%")));
    atLeast(
        10, goodput(CongestionControl.ADAPTIVE, new Link(13, 70, 1, "8ms distribution normal")));
  }

  /**
   * Start-up used to notice a queue at an eighth of the round trip, and lost a twentieth of all.
   */
  @Test
  void adaptiveDoesNotOverflowTheQueueOfALongPathWhileItStarts() {
    SharedLink run = adaptive(new Link(20, 558, 0.5, ""), 15);
    assertTrue(run.queueLoss() < 0.01, () -> "lost by itself " + run.queueLoss());
    atLeast(13, run.megabits(0, 0, 15));
  }

  /** Chance that looks like congestion left a ceiling that grew too slowly: 9.6 Mbit/s once. */
  @Test
  void adaptiveDoesNotHoldChanceAgainstALinkForLong() {
    Link rough = new Link(20, 50, 1, "10ms loss 10% reorder 5% duplicate 2% 5ms");
    atLeast(11, goodput(CongestionControl.ADAPTIVE, rough));
  }

  @Test
  void cubicFillsACleanLink() {
    atLeast(90, goodput(CongestionControl.CUBIC, Link.of(20, 0)));
  }

  /**
   * FAULTS 15: at Jain's index of 0.9 the lesser of two has a third, where a fifth is promised.
   * That all of the messages arrive once, in order and whole is what the flow itself looks at.
   */
  @Test
  void adaptiveSharesWithTcpCubic() {
    SharedLink run =
        new SharedLink(Link.of(20, 0), 2)
            .posthorn(CongestionControl.ADAPTIVE, PACKET_BYTES, 0)
            .tcpCubic(0)
            .run(13);
    assertTrue(run.jain(3, 13) >= 0.9, () -> "Jain " + run.jain(3, 13));
    atLeast(85, run.megabits(0, 3, 13) + run.megabits(1, 3, 13));
  }

  @Test
  void adaptiveSharesWithItself() {
    SharedLink run =
        new SharedLink(Link.of(20, 0), 1)
            .posthorn(CongestionControl.ADAPTIVE, PACKET_BYTES, 0)
            .posthorn(CongestionControl.ADAPTIVE, PACKET_BYTES, 700)
            .run(13);
    assertTrue(run.jain(3, 13) >= 0.9, () -> "Jain " + run.jain(3, 13));
    assertTrue(run.queueShare() < 0.5, () -> "queue " + run.queueShare());
  }

  /** A flow that let marks cost it nothing took 94 of 96 Mbit/s beside CUBIC. */
  @Test
  void adaptiveSharesAQueueThatMarks() {
    for (CongestionControl other :
        new CongestionControl[] {CongestionControl.CUBIC, CongestionControl.ADAPTIVE}) {
      SharedLink run =
          new SharedLink(new Link(100, 20, 1, "ecn 1ms"), 1)
              .posthorn(CongestionControl.ADAPTIVE, PACKET_BYTES, 0)
              .posthorn(other, PACKET_BYTES, 700)
              .run(13);
      assertTrue(run.jain(3, 13) >= 0.9, () -> other + ": Jain " + run.jain(3, 13));
      atLeast(75, run.megabits(0, 3, 13) + run.megabits(1, 3, 13));
    }
    SharedLink alone = adaptive(new Link(100, 20, 1, "ecn 5ms"), 8);
    atLeast(88, alone.megabits(0, 0, 8));
  }

  /**
   * The marks of a flight's last packets, and of bare acknowledgements behind it, come back with
   * the first packets of the next: they used to cut the window a second time, for 71 Mbit/s.
   */
  @Test
  void aFlightPaysOnceForItsMarks() {
    atLeast(76, goodput(CongestionControl.ADAPTIVE, new Link(100, 100, 1, "ecn 5ms")));
  }

  /**
   * Each holds some room beside what the pipe holds; four of them used to fill two thirds. How long
   * the queue is in half a minute differs much between seeds, 0.35 to 0.63 of all: so the mean of
   * some counts, and only what is clearly more than half fails.
   */
  @Test
  void fourFlowsShareAndLeaveHalfTheQueueEmpty() {
    double[] queues = new double[4];
    for (int seed = 1; seed <= queues.length; seed++) {
      SharedLink run = new SharedLink(Link.of(20, 0), seed);
      for (int flow = 0; flow < 4; flow++) {
        run.posthorn(CongestionControl.ADAPTIVE, PACKET_BYTES, 700L * flow);
      }
      run.run(33);
      assertTrue(run.jain(3, 33) >= 0.9, () -> "Jain " + run.jain(3, 33));
      assertTrue(run.queueLoss() < 0.02, () -> "lost by itself " + run.queueLoss());
      queues[seed - 1] = run.queueShare();
    }
    double mean = Arrays.stream(queues).average().orElseThrow();
    assertTrue(mean < 0.56, () -> mean + " of queues " + Arrays.toString(queues));
  }

  /**
   * A tenth of the rate is left from one moment to the next: a few round trips later, of which the
   * queue has made two out of one, no more is sent than fits. It used to take ten rounds.
   */
  @Test
  void adaptiveFollowsALinkThatNarrows() {
    for (int rttMillis : new int[] {20, 100}) {
      SharedLink run =
          new SharedLink(new Link(200, rttMillis, 1, ""), 1)
              .posthorn(CongestionControl.ADAPTIVE, PACKET_BYTES, 0)
              .then(2_000, new Link(20, rttMillis, 1, ""))
              .run(5);
      long settled = 2_000 + 10L * rttMillis;
      double late = run.queueLoss(settled, settled + 10L * rttMillis);
      assertTrue(late < 0.05, () -> late + " lost, RTT " + rttMillis + " ms");
      atLeast(15, run.megabits(0, 3, 5));
    }
  }
}
