package io.posthorn.protocol.path;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.handshake.ConnectionIdIssuer;
import io.posthorn.protocol.handshake.StaticKey;
import io.posthorn.protocol.recovery.DeliveryRate;
import io.posthorn.protocol.recovery.SentPackets;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.FrameWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LocalConnectionIdsTest {
  private static final long MS = 1_000_000;
  private static final int FRAME_BYTES = 27;

  private final SplittableRandom random = new SplittableRandom(1);
  private final ConnectionIdIssuer issuer =
      new ConnectionIdIssuer(StaticKey.generate(random), null, random, id -> false);
  private final LocalConnectionIds ids = new LocalConnectionIds(issuer, issuer.next());
  private final SentPackets sent = new SentPackets();
  private final PacketBuilder builder = new PacketBuilder(new FrameWriter(), sent);

  private List<Long> added() {
    List<Long> added = new ArrayList<>();
    for (Long id = ids.pollAdded(); id != null; id = ids.pollAdded()) {
      added.add(id);
    }
    return added;
  }

  private int framesWritten(int room) {
    builder.frames().reset(new byte[room], 0, room);
    ids.writeFrames(builder, 0);
    sent.commit(0, 1, true, false, new DeliveryRate());
    return builder.frames().written() / FRAME_BYTES;
  }

  @Test
  void aPeerThatKeepsTwoGetsOneMore() {
    ids.onPeerLimit(2);
    assertEquals(1, added().size());
    assertEquals(1, framesWritten(1200));
  }

  @Test
  void aPeerThatKeepsAMillionGetsTwoMore() {
    ids.onPeerLimit(1_000_000);
    assertEquals(2, added().size());
    assertEquals(1, framesWritten(FRAME_BYTES + 5), "what does not fit waits");
    assertTrue(ids.hasFrames(0));
    assertEquals(1, framesWritten(1200));
  }

  @Test
  void aRetiredIdIsReplacedAndKnownForAWhile() {
    ids.onPeerLimit(3);
    added();
    framesWritten(1200);
    assertNull(ids.onRetire(0, 77, 100 * MS, 0));
    assertEquals(1, added().size());
    assertEquals(1, framesWritten(1200));
    assertEquals(300 * MS, ids.deadlineNanos());
    ids.onTimeout(299 * MS);
    assertNull(ids.pollForgotten());
    ids.onTimeout(300 * MS);
    assertEquals(ids.pollForgotten() != null, true);
    assertEquals(Long.MAX_VALUE, ids.deadlineNanos());
  }

  @Test
  void whatWasNeverSentOrCarriesThePacketMayNotBeRetired() {
    ids.onPeerLimit(2);
    assertEquals(CloseReason.PROTOCOL_VIOLATION, ids.onRetire(1, 77, MS, 0), "issued only");
    framesWritten(1200);
    assertEquals(CloseReason.PROTOCOL_VIOLATION, ids.onRetire(2, 77, MS, 0));
    assertEquals(CloseReason.PROTOCOL_VIOLATION, ids.onRetire(0, ids.first(), MS, 0));
    assertNull(ids.onRetire(1, ids.first(), MS, 0));
    assertNull(ids.onRetire(1, ids.first(), MS, 0), "a repetition");
  }

  @Test
  void aFloodOfRetirementsHoldsAFewIdsOnly() {
    ids.onPeerLimit(4);
    Set<Long> known = new HashSet<>(added());
    known.add(ids.first());
    for (long sequence = 0; sequence < 10_000; sequence++) {
      framesWritten(1200);
      assertNull(ids.onRetire(sequence, 77, 1_000 * MS, sequence));
      known.addAll(added());
      for (Long id = ids.pollForgotten(); id != null; id = ids.pollForgotten()) {
        assertTrue(known.remove(id));
      }
      assertTrue(known.size() <= 11, known.size() + " ids");
    }
  }

  @Test
  void aFrameThatIsLostGoesAgainUnlessItsIdIsRetired() {
    ids.onPeerLimit(3);
    assertEquals(2, framesWritten(1200));
    ids.onLost(1, 0, 0);
    assertEquals(1, framesWritten(1200));
    assertNull(ids.onRetire(2, 77, MS, 0));
    ids.onLost(2, 0, 0);
    assertEquals(1, framesWritten(1200), "the one in its place");
  }

  @Test
  void theIssuerKnowsItsOwnIdsAfterARestartAndNoOthers() {
    StaticKey identity = StaticKey.generate(random);
    ConnectionIdIssuer before = new ConnectionIdIssuer(identity, null, random, id -> false);
    ConnectionIdIssuer after =
        new ConnectionIdIssuer(identity, null, new SplittableRandom(99), id -> false);
    Set<Long> all = new HashSet<>();
    int strangers = 0;
    for (int i = 0; i < 10_000; i++) {
      long id = before.next();
      assertTrue(after.isIssuedHere(id));
      assertTrue(all.add(id), "twice the same");
      strangers += after.isIssuedHere(random.nextLong()) ? 1 : 0;
    }
    assertTrue(strangers <= 3, strangers + " of 10,000 random ids passed for own ones");
  }

  @Test
  void anIdInUseIsNotDrawnAgain() {
    Set<Long> taken = new HashSet<>();
    StaticKey identity = StaticKey.generate(random);
    long first =
        new ConnectionIdIssuer(identity, null, new SplittableRandom(5), id -> false).next();
    taken.add(first);
    assertTrue(
        new ConnectionIdIssuer(identity, null, new SplittableRandom(5), taken::contains).next()
            != first);
  }
}
