package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class QuantityTest {
  @Test
  void timesHaveUnitsAndSecondsWithoutOne() {
    Quantity.Time time = new Quantity.Time();
    assertEquals(Duration.ofMillis(200), time.convert("0.2"));
    assertEquals(Duration.ofMillis(250), time.convert("250ms"));
    assertEquals(Duration.ofSeconds(2), time.convert("2s"));
    assertEquals(Duration.ofMinutes(1), time.convert("1m"));
    assertEquals(Duration.ofHours(2), time.convert("2 h"));
    assertEquals(Duration.ofNanos(5_000), time.convert("5us"));
  }

  @Test
  void ratesAreDecimalAndInBits() {
    Quantity.BitRate rate = new Quantity.BitRate();
    assertEquals(160_000.0, rate.convert("160kbit"));
    assertEquals(20e6, rate.convert("20Mbit"));
    assertEquals(5e6, rate.convert("5M"));
    assertEquals(1e9, rate.convert("1gbit/s"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "-1s", "1 2", "1y", "1e9", "99999999h", "ms", "."})
  void refusesWhatIsNoTime(String text) {
    assertThrows(TypeConversionException.class, () -> new Quantity.Time().convert(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "0mbit", "-5k", "10ms", "1e3", "9999999999999gbit"})
  void refusesWhatIsNoRate(String text) {
    assertThrows(TypeConversionException.class, () -> new Quantity.BitRate().convert(text));
  }
}
