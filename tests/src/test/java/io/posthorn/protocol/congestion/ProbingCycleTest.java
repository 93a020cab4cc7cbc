package io.posthorn.protocol.congestion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProbingCycleTest {
  private static final long PATH = 100;

  private final ProbingCycle cycle = new ProbingCycle();
  private long now;

  ProbingCycleTest() {
    cycle.begin(0);
  }

  /** Lets a step pass. */
  private void step(long rate) {
    now += PATH + 1;
    assertTrue(cycle.advance(now, PATH, false, rate));
  }

  private void stepToProbe(long rate) {
    while (!cycle.isProbe()) {
      step(rate);
    }
  }

  @Test
  void probesDrainsAndCruises() {
    List<Double> gains = new ArrayList<>();
    List<Integer> judgedAt = new ArrayList<>();
    stepToProbe(1);
    for (int i = 0; i < 9; i++) {
      assertEquals(i == 0 || i == 8, cycle.isProbe(), "step " + i);
      assertEquals(i == 1, cycle.isDrain(), "step " + i);
      if (cycle.isJudged()) {
        judgedAt.add(i);
      }
      gains.add(cycle.gain());
      step(1);
    }
    assertEquals(List.of(1.25, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.25), gains);
    assertEquals(List.of(3), judgedAt, "two round trips after the probe ended");
  }

  @Test
  void beginsBehindTheDrain() {
    assertFalse(cycle.isProbe());
    assertFalse(cycle.isDrain());
    assertFalse(cycle.isJudged());
    assertEquals(1, cycle.gain());
    step(1);
    assertTrue(cycle.isJudged());
  }

  @Test
  void aStepLastsARoundTrip() {
    assertFalse(cycle.advance(PATH, PATH, false, 1));
    assertTrue(cycle.advance(PATH + 1, PATH, false, 1));
    assertFalse(cycle.advance(2 * PATH + 1, PATH, false, 1));
  }

  @Test
  void aDrainIsOverOnceThePipeIsDrained() {
    stepToProbe(1);
    step(1);
    assertTrue(cycle.isDrain());
    assertTrue(cycle.advance(now + 1, PATH, true, 1));
    assertFalse(cycle.isDrain());
  }

  @Test
  void knowsWhatWasSentInTheLastDrain() {
    assertFalse(cycle.isOfDrain(0), "there was none");
    stepToProbe(1);
    step(1);
    long from = now;
    assertFalse(cycle.isOfDrain(from - 1));
    assertTrue(cycle.isOfDrain(from));
    assertTrue(cycle.isOfDrain(from + 10 * PATH), "it goes on");
    step(1);
    assertTrue(cycle.isOfDrain(now - 1));
    assertFalse(cycle.isOfDrain(now));
    stepToProbe(1);
    assertTrue(cycle.isOfDrain(from), "the last one still");
    step(1);
    assertFalse(cycle.isOfDrain(from));
  }

  @Test
  void moreIsAnEighthMoreThanBeforeTheProbe() {
    assertFalse(cycle.hasFoundMore(1_000_000), "nothing was probed");
    stepToProbe(100);
    step(200);
    assertFalse(cycle.hasFoundMore(112));
    assertTrue(cycle.hasFoundMore(113));
  }

  @Test
  void tellsWhenTheProbeBegan() {
    stepToProbe(1);
    long began = now;
    step(1);
    step(1);
    assertEquals(began, cycle.probeStartNanos());
  }
}
