package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.simulation.Hardness.Fault;
import io.posthorn.testkit.jqwik.NetworkArbitraries;
import io.posthorn.testkit.jqwik.ScheduledSend;
import io.posthorn.wire.PacketNumbers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;

/**
 * A packet number is a nonce: whatever is lost, no two packets of a connection carry the same. Seen
 * in clear mode, where the number is not hidden.
 */
class PacketNumberProperties {
  private static final Hardness HARDNESS =
      new Hardness()
          .atLeast(40, Fault.LOST)
          .atLeast(12, Fault.REORDERED)
          .atLeast(40, Fault.OUTAGE)
          .atLeast(15, Fault.DUPLICATED)
          .atLeast(8, Fault.CORRUPTED);

  private static final int CONNECTION_ID_AT = 1;
  private static final int NUMBER_AT = 9;

  @Provide
  Arbitrary<LinkConditions> links() {
    return NetworkArbitraries.links();
  }

  @Provide
  Arbitrary<List<ScheduledSend>> sends() {
    return NetworkArbitraries.sends(10);
  }

  @AfterContainer
  static void theTriesWereHard() {
    HARDNESS.check();
  }

  @Property(edgeCases = EdgeCasesMode.NONE)
  void numbersOnlyEverGrow(
      @ForAll long seed,
      @ForAll("links") LinkConditions forth,
      @ForAll("links") LinkConditions back,
      @ForAll("sends") List<ScheduledSend> sends) {
    Pair pair = new Pair(seed, Pair.patient(false, false)).link(forth, back);
    Map<Long, Long> largest = new HashMap<>();
    pair.network.intercept(
        (from, to, number, datagram) -> {
          look(datagram, largest);
          return Interception.DELIVER;
        });
    pair.schedule(sends);
    pair.network.run(Duration.ofSeconds(6));
    HARDNESS.add(pair.network.counters());
  }

  private static void look(ByteBuffer datagram, Map<Long, Long> largest) {
    int first = datagram.get(0);
    if (first < 8 || first > 15) {
      return; // the handshake's
    }
    long connectionId = datagram.getLong(CONNECTION_ID_AT);
    int length = (first & 3) + 1;
    long truncated = 0;
    for (int i = 0; i < length; i++) {
      truncated = truncated << 8 | (datagram.get(NUMBER_AT + i) & 0xff);
    }
    long before = largest.getOrDefault(connectionId, -1L);
    long packetNumber = PacketNumbers.expand(before, truncated, length);
    assertTrue(packetNumber > before, () -> "number " + packetNumber + " after " + before);
    largest.put(connectionId, packetNumber);
  }
}
