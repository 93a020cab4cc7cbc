package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.simulation.Hardness.Fault;
import io.posthorn.testkit.jqwik.NetworkArbitraries;
import io.posthorn.testkit.jqwik.ScheduledSend;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.PacketNumbers;
import io.posthorn.wire.ThirdMessagePacket;
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

  private static final int NUMBER_AT = PacketHeader.CONNECTION_ID_AT + Long.BYTES;

  private static int behindThird;

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
    assertTrue(behindThird > 0, "no data packet stood behind a third message");
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
          byte[] bytes = new byte[datagram.remaining()];
          datagram.get(bytes);
          look(bytes, largest);
          return Interception.DELIVER;
        });
    pair.schedule(sends);
    pair.network.run(Duration.ofSeconds(6));
    HARDNESS.add(pair.network.counters());
  }

  /** Until the first answer, each data packet of the initiator stands behind M3, sent anew. */
  private static void look(byte[] datagram, Map<Long, Long> largest) {
    int kind = PacketHeader.kind(datagram[0]);
    if (kind == PacketHeader.DATA) {
      lookAtData(datagram, 0, largest);
    } else if (kind == PacketHeader.THIRD_MESSAGE) {
      ThirdMessagePacket third = new ThirdMessagePacket();
      assertEquals(DropReason.NONE, third.check(datagram, 0, datagram.length));
      if (third.dataLength() > 0) {
        behindThird++;
        lookAtData(datagram, third.dataFrom(), largest);
      }
    }
  }

  private static void lookAtData(byte[] datagram, int from, Map<Long, Long> largest) {
    long connectionId = PacketHeader.connectionId(datagram, from);
    int length = (datagram[from] & 3) + 1;
    long truncated = 0;
    for (int i = 0; i < length; i++) {
      truncated = truncated << 8 | (datagram[from + NUMBER_AT + i] & 0xff);
    }
    long before = largest.getOrDefault(connectionId, -1L);
    long packetNumber = PacketNumbers.expand(before, truncated, length);
    assertTrue(packetNumber > before, () -> "number " + packetNumber + " after " + before);
    largest.put(connectionId, packetNumber);
  }
}
