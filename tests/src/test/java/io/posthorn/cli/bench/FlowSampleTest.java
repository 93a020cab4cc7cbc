package io.posthorn.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What one stream has done in an interval. */
class FlowSampleTest {
  private final FlowReceiver receiver = new FlowReceiver();
  private final List<Long> lost = new ArrayList<>();
  private FlowSample told = FlowSample.NONE;

  private void arrive(long... sequences) {
    for (long sequence : sequences) {
      receiver.onData(BenchMessage.control(BenchMessage.DATA, 1, sequence), sequence);
    }
  }

  private void endInterval() {
    FlowSample now = new FlowSample(0, 0, receiver.report(), LinkState.UNKNOWN);
    lost.add(now.minus(told).received().missing());
    told = now.withMissingOf(told);
  }

  /** A datagram that is overtaken at the end of an interval is missing in it, and not negative. */
  @Test
  void whatComesAfterItsIntervalIsNoNegativeLoss() {
    arrive(0, 2, 4);
    endInterval();
    arrive(1, 3, 5);
    endInterval();
    arrive(7);
    endInterval();
    arrive(10);
    endInterval();
    assertEquals(List.of(2L, 0L, 0L, 1L), lost, "told are 3, as many as are missing at the end");
    assertTrue(receiver.report().missing() <= 3);
  }
}
