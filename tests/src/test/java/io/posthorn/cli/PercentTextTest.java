package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PercentTextTest {
  @Test
  void wholeNumbersAndOneDigitAreTheRule() {
    assertEquals("0", PercentText.of(0));
    assertEquals("25", PercentText.of(25));
    assertEquals("100", PercentText.of(100));
    assertEquals("33.3", PercentText.of(100.0 / 3));
    assertEquals("120.5", PercentText.of(120.5));
  }

  @Test
  void littleIsNotNothingAndNearlyAllIsNotAll() {
    assertEquals("0.01", PercentText.of(0.01));
    assertEquals("99.99", PercentText.of(99.99));
    assertEquals("0.000001", PercentText.of(0.000001));
  }
}
