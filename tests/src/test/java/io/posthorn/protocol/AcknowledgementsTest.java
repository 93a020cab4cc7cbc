package io.posthorn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.EcnMark;
import io.posthorn.protocol.recovery.DeliveryRate;
import io.posthorn.protocol.recovery.SentPackets;
import io.posthorn.wire.FrameHandler;
import io.posthorn.wire.FrameReader;
import io.posthorn.wire.FrameWriter;
import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Test;

/** RFC 9000 §13.2. */
class AcknowledgementsTest {
  private static final long DELAY = 25;

  private final Acknowledgements acknowledgements = new Acknowledgements(DELAY);

  /** A sender that is to slow down is to hear of it soon (§13.2.1). */
  @Test
  void aMarkOfCongestionIsAcknowledgedAtOnce() {
    acknowledgements.onPacket(0, true, EcnMark.CE, 100);
    assertTrue(acknowledgements.isDue(100));
  }

  @Test
  void anotherMarkIsNoReasonToHurry() {
    acknowledgements.onPacket(0, true, EcnMark.ECT_0, 100);
    assertFalse(acknowledgements.isDue(100));
  }

  /** Or two ends on a marked path would answer one another's ACKs for ever. */
  @Test
  void aMarkOfCongestionOnWhatWantsNoAnswerGetsNone() {
    acknowledgements.onPacket(0, false, EcnMark.CE, 100);
    assertEquals(Long.MAX_VALUE, acknowledgements.deadlineNanos());
  }

  /** Where a packet has little room, as to an address that is not proved. */
  @Test
  void whatAnAckHadNoRoomForIsReportedAfterItWasAcknowledged() {
    SentPackets sent = new SentPackets();
    PacketBuilder packet = new PacketBuilder(new FrameWriter(), sent);
    for (int number = 0; number < 60; number += 3) {
      acknowledgements.onPacket(number, true, EcnMark.NOT_ECT, 100);
    }
    assertTrue(ackIn(packet, 20) > 0);
    sent.commit(100, 20, true, false, new DeliveryRate());
    for (long token = sent.tokensFrom(0); token < sent.tokensTo(0); token++) {
      acknowledgements.onAcknowledged(sent.tokenFirst(token), sent.tokenSecond(token), 200);
    }
    acknowledgements.onPacket(60, true, EcnMark.NOT_ECT, 300);
    assertEquals(0, ackIn(packet, 200));
  }

  /** The smallest number that an ACK in a packet with this much room reports. */
  private long ackIn(PacketBuilder packet, int room) {
    byte[] out = new byte[room];
    packet.begin(out, 0, room);
    acknowledgements.writeFrames(packet, 100);
    long[] smallest = new long[1];
    FrameHandler handler =
        (FrameHandler)
            Proxy.newProxyInstance(
                FrameHandler.class.getClassLoader(),
                new Class<?>[] {FrameHandler.class},
                (proxy, method, arguments) -> {
                  smallest[0] = ((long[]) arguments[1])[(int) arguments[3] - 1];
                  return null;
                });
    assertNull(new FrameReader().read(out, 0, packet.frames().written(), handler));
    return smallest[0];
  }
}
