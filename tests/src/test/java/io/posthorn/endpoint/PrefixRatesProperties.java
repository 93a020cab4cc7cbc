package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** A prefix gets its rate and its burst, neither more nor less; others get theirs. */
class PrefixRatesProperties {
  private static final long SECOND = 1_000_000_000L;

  private static InetSocketAddress of(int... bytes) {
    byte[] address = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      address[i] = (byte) bytes[i];
    }
    try {
      return new InetSocketAddress(InetAddress.getByAddress(address), 1);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  @Property(tries = 200)
  void grantsAreBoundedByRateAndBurst(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 200) int rate,
      @ForAll @IntRange(min = 1, max = 300) int burst,
      @ForAll @Size(min = 1, max = 500) List<@IntRange(max = 100_000_000) Integer> pauses) {
    PrefixRates rates = new PrefixRates(rate, burst, seed);
    InetSocketAddress from = of(192, 0, 2, 1);
    long now = seed >>> 2; // any clock
    long began = now;
    long granted = 0;
    for (int pause : pauses) {
      now += pause;
      granted += rates.allow(from, now) ? 1 : 0;
      assertTrue(granted <= burst + (now - began) * rate / SECOND + 1, granted + " granted");
    }
    long due = Math.min(pauses.size(), burst);
    assertTrue(granted >= due, "a burst is granted at once");
    assertTrue(rates.allow(from, now + SECOND / rate + burst), "and one an interval");
  }

  @Example
  void aPrefixSharesItsRateAndAnotherHasItsOwn() {
    PrefixRates rates = new PrefixRates(1, 3, 1);
    for (int i = 0; i < 3; i++) {
      assertTrue(rates.allow(of(192, 0, 2, 1), 0));
    }
    assertFalse(rates.allow(of(192, 0, 2, 1), 0));
    assertTrue(rates.allow(of(192, 0, 2, 2), 0));
    int[] six = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1};
    for (int host = 0; host < 3; host++) {
      six[15] = host;
      assertTrue(rates.allow(of(six), 0));
    }
    six[9] = 99;
    assertFalse(rates.allow(of(six), 0), "the same 64 bits");
    six[7] = 2;
    assertTrue(rates.allow(of(six), 0), "another network");
  }

  @Example
  void addressesSpreadOverAllPlaces() {
    PrefixRates rates = new PrefixRates(1, 1, 2);
    int granted = 0;
    for (int i = 0; i < 4 * PrefixRates.SLOTS; i++) {
      granted += rates.allow(of(10, 0, i >> 8, i), 0) ? 1 : 0;
    }
    // Of 4 n balls in n places, 1 place in e^4 stays empty.
    assertEquals(0.982, (double) granted / PrefixRates.SLOTS, 0.02);
  }
}
