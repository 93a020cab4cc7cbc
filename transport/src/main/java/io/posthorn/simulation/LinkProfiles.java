package io.posthorn.simulation;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Named conditions, written {@code @lte} and the like at the head of a text of {@link
 * LinkConditions}; words that follow replace single parts ({@code @lte loss 2%}).
 *
 * <p>Each profile stands for one direction of a path and is made to be believable, not extreme.
 * Figures with a source carry it below; those marked "ours" are chosen, since what was published
 * varies too much for one number.
 */
public final class LinkProfiles {
  /**
   * A busy wireless LAN. Delay: in a campus network the Wi-Fi hop took more than 20 ms for half of
   * the packets and more than 100 ms for a tenth (Pei et al., "WiFi can be the weakest link of
   * round trip network latency in the wild", INFOCOM 2016), so 10 ms and a wide spread each way.
   * Ours: loss in short bursts, 0.5 % in the mean, for the link layer repeats frames; rate and
   * queue.
   */
  public static final LinkConditions WIFI =
      LinkConditions.parse("delay 10ms 8ms loss gemodel 0.15% 30% rate 50mbit queue 100ms");

  /**
   * A phone on LTE that stands still. Rate: a median of 13 Mbit/s down (6 up: say {@code rate
   * 6mbit}) in Huang et al., "A Close Examination of Performance and Power Characteristics of 4G
   * LTE Networks", MobiSys 2012. Queue: the gateways hold back packets by the second (Winstein et
   * al., "Stochastic Forecasts Achieve High Throughput and Low Delay over Cellular Networks", NSDI
   * 2013). Ours: the delay, and little loss, for the radio link repeats what it loses.
   */
  public static final LinkConditions LTE =
      LinkConditions.parse("delay 35ms 8ms distribution normal loss 0.1% rate 13mbit queue 1s");

  /**
   * LTE on a fast train. One cell in 10 s: 3GPP TS 36.141 B.3 takes 1000 m from site to site and
   * 350 km/h. Round-trip times and loss grow and vary far more than at rest (Xiao et al., "TCP
   * Performance over Mobile Networks in High-speed Mobility Scenarios", ICNP 2014; Wang et al., "An
   * Active-Passive Measurement Study of TCP Performance over LTE on High-speed Rails", MobiCom
   * 2019). Ours: that each change of cell costs 800 ms, the spread and the bursts of loss.
   */
  public static final LinkConditions TRAIN =
      LinkConditions.parse(
          "delay 60ms 25ms distribution normal loss gemodel 0.4% 20% rate 5mbit queue 1s"
              + " outage 8s 800ms every 10s");

  /**
   * One hop over a geostationary satellite: 239.6 to 279.0 ms one way (RFC 2488 §2), the longer
   * taken. Ours: rate, queue and the bursts of loss, 0.5 % in the mean.
   */
  public static final LinkConditions SATELLITE =
      LinkConditions.parse("delay 279ms 5ms loss gemodel 0.1% 20% rate 20mbit queue 300ms");

  /**
   * New York to London on a provider's backbone: 90 ms of round trip is what Verizon's service
   * level agreement allows. Ours: a thousandth lost, rate and queue.
   */
  public static final LinkConditions TRANSATLANTIC =
      LinkConditions.parse("delay 45ms 1ms loss 0.1% rate 100mbit queue 50ms");

  /** Everything goes wrong at once, none of it beyond repair. All figures ours. */
  public static final LinkConditions LOSSY =
      LinkConditions.parse("delay 25ms 10ms loss 10% reorder 5% duplicate 2% 5ms corrupt 0.1%");

  private static final Map<String, LinkConditions> BY_NAME = new LinkedHashMap<>();

  static {
    BY_NAME.put("@wifi", WIFI);
    BY_NAME.put("@lte", LTE);
    BY_NAME.put("@train", TRAIN);
    BY_NAME.put("@satellite", SATELLITE);
    BY_NAME.put("@transatlantic", TRANSATLANTIC);
    BY_NAME.put("@lossy", LOSSY);
  }

  private LinkProfiles() {}

  /** Every name, with its {@code @}, in the order of the documentation. */
  public static Set<String> names() {
    return Collections.unmodifiableSet(BY_NAME.keySet());
  }

  /** The profile of a name such as {@code @lte}, or null. */
  public static @Nullable LinkConditions find(String name) {
    return BY_NAME.get(name.toLowerCase(Locale.ROOT));
  }
}
