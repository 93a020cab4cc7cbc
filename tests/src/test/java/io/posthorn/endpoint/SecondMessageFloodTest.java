package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.EcnMark;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.EndpointResources;
import io.posthorn.protocol.LoneResources;
import io.posthorn.protocol.PeerConnection;
import io.posthorn.protocol.handshake.NoiseXX;
import io.posthorn.protocol.handshake.OpeningAttempt;
import io.posthorn.protocol.handshake.StaticKey;
import io.posthorn.wire.BigEndian;
import io.posthorn.wire.ControlPacket;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.SecondMessagePacket;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * FAULTS 41: second messages at line rate. Somebody on the path has read the id in M1, so what he
 * makes up is tried as the true one would be; and to try one costs a result of Diffie–Hellman.
 */
class SecondMessageFloodTest {
  private static final long S = 1_000_000_000L;
  private static final SocketOptions OPTIONS =
      HandPeer.options(Security.ephemeral(), 10_000, 1 << 22);

  private final SplittableRandom random = new SplittableRandom(41);
  private final EndpointResources shared = LoneResources.of(OPTIONS, random, 1 << 22);
  private final ConnectionTable table = new ConnectionTable(0);
  private final EndpointCounters counters = new EndpointCounters();
  private final EventQueue events = new EventQueue(counters);
  private final PeerAddresses addresses = new PeerAddresses(events);
  private final Outbox outbox = new Outbox();
  private final ConnectionTurns turns =
      new ConnectionTurns(
          table, addresses, events, counters, new StatelessReset(shared, addresses, outbox, false));
  private final LeftStreams left = new LeftStreams(table, turns, shared.options());
  private final HandshakeSuite suite = new HandshakeSuite(shared, StaticKey.generate(random));
  private final Handshakes handshakes =
      new Handshakes(
          shared,
          any -> false,
          suite,
          table,
          addresses,
          turns,
          left,
          Admission.COOKIE_THRESHOLD,
          outbox);
  private final ConnectionOpener opener =
      new ConnectionOpener(shared, suite, table, addresses, turns, left);
  private final StaticKey hostKey = StaticKey.generate(random);
  private final Map<InetSocketAddress, byte[]> firsts = new LinkedHashMap<>();
  private long nowNanos;
  private long tried;
  private long limited;

  /** Opens a connection to a host; what computes its side of the handshake. */
  private NoiseXX open(int host) {
    ConnectionSlot slot = opener.find(HandPeer.address(host), false, nowNanos);
    assertNotNull(slot);
    turns.settle(slot, nowNanos);
    OpeningAttempt attempt = slot.connection.attempt();
    assertNotNull(attempt);
    transmit();
    return (NoiseXX) attempt.handshake();
  }

  private void transmit() {
    TransmitBatch batch = new TransmitBatch();
    while (turns.pollTransmit(batch, nowNanos)) {
      byte[] datagram = Arrays.copyOf(batch.bytes(), batch.lengthBytes());
      if (PacketHeader.kind(datagram[0]) == PacketHeader.FIRST_MESSAGE) {
        firsts.put(batch.peer(), datagram);
      }
    }
  }

  private byte[] first(int host) {
    byte[] first = firsts.get(HandPeer.address(host));
    assertNotNull(first);
    return first;
  }

  /** What somebody makes up who has read the M1 to a host. */
  private byte[] forged(int host) {
    byte[] body = new byte[200];
    random.nextBytes(body);
    byte[] out = new byte[300];
    long id = BigEndian.getLong(first(host), 6);
    int bytes = SecondMessagePacket.write(out, 0, id, random.nextLong(), body, body.length);
    return Arrays.copyOf(out, bytes);
  }

  /** The true answer of the host, each time with another ephemeral key. */
  private byte[] answer(int host) {
    FirstMessagePacket asked = new FirstMessagePacket();
    byte[] first = first(host);
    assertEquals(DropReason.NONE, asked.check(first, 0, first.length));
    NoiseXX responder = NoiseXX.responder(hostKey, asked.initiatorConnectionId(), null, random);
    assertTrue(responder.readFirst(first, asked.bodyFrom(), asked.bodyLength()));
    byte[] parameters = new byte[WireLimits.MAX_PARAMETERS_BYTES];
    int length = PeerConnection.parameters(shared, host).encode(parameters, 0);
    byte[] body = new byte[WireLimits.MAX_HANDSHAKE_BODY_BYTES];
    int bodyLength = responder.writeSecond(parameters, length, body, 0);
    byte[] out = new byte[WireLimits.MINIMUM_DATAGRAM_BYTES];
    long id = asked.initiatorConnectionId();
    return Arrays.copyOf(out, SecondMessagePacket.write(out, 0, id, host, body, bodyLength));
  }

  private DropReason give(byte[] second) {
    DropReason reason = handshakes.onSecond(second, 0, second.length, nowNanos);
    tried += reason == DropReason.HANDSHAKE_FORGED ? 1 : 0;
    limited += reason == DropReason.RATE_LIMITED ? 1 : 0;
    return reason;
  }

  private void flood(int host, int count, long overNanos) {
    for (int i = 0; i < count; i++) {
      nowNanos += overNanos / count;
      give(forged(host));
    }
  }

  @Test
  void fault41_forgedSecondMessagesOfOneAttemptCostSoManyResultsASecond() {
    NoiseXX own = open(1);
    int before = own.agreements();
    flood(1, 5_000, S);
    int computed = own.agreements() - before;
    assertEquals(5_000, tried + limited);
    assertEquals(tried, computed, "one for each that was tried, none for the others");
    int most = 2 * OpeningAttempt.FORGED_PER_SECOND;
    assertTrue(computed <= most && computed > most / 2, computed + " results in a second");
    nowNanos += S / 100;
    assertEquals(DropReason.NONE, give(answer(1)), "the true one is taken after them");
    assertEquals(2, own.agreements() - before - computed - 1, "ee, es, and for M3 se");
    flood(1, 100, S);
    assertEquals(computed + 3, own.agreements() - before, "nothing more once it is answered");
  }

  @Test
  void fault41_allAttemptsTogetherCostSoManyResultsASecond() {
    List<NoiseXX> own = new ArrayList<>();
    for (int host = 0; host < 20; host++) {
      own.add(open(host));
    }
    int before = own.stream().mapToInt(NoiseXX::agreements).sum();
    for (int i = 0; i < 20_000; i++) {
      nowNanos += S / 20_000;
      give(forged(i % 20));
    }
    int computed = own.stream().mapToInt(NoiseXX::agreements).sum() - before;
    assertEquals(tried, computed);
    int most = 2 * Handshakes.FORGED_SECONDS_PER_SECOND;
    assertTrue(computed <= most && computed > most / 2, computed + " results in a second");
  }

  /** Who stands on the way to one peer does not stop the connections to others. */
  @Test
  void fault41_aFloodAgainstOneAttemptDoesNotStopAnother() {
    open(1);
    open(2);
    flood(1, 20_000, S);
    assertEquals(DropReason.NONE, give(answer(2)));
  }

  /** The true answer, which comes again with each M1, gets in between in the end. */
  @Test
  void fault41_amongAThousandForgedASecondTheTrueOneIsHeard() {
    open(1);
    flood(1, 1_000, S); // what may be tried at once is used up
    int rounds = 0;
    do {
      assertTrue(++rounds <= 36, "within ten seconds");
      flood(1, 249, S / 4 - 300_000);
      nowNanos += 100_000 + random.nextInt(200_000);
    } while (give(answer(1)) != DropReason.NONE);
  }

  /** Many connections that open at once, answered well, use nothing up. */
  @Test
  void trueAnswersAreNotLimited() {
    int attempts = Handshakes.FORGED_SECONDS_PER_SECOND + 50;
    for (int host = 0; host < attempts; host++) {
      open(host);
      assertEquals(DropReason.NONE, give(answer(host)));
    }
  }

  /** An M1 that only looks whether a peer has restarted is answered by forgers too. */
  @Test
  void fault41_aLookForARestartCostsSoManyResultsASecond() {
    HandPeer peer = HandPeer.connected(OPTIONS);
    List<byte[]> asked = new ArrayList<>();
    peer.sent =
        (to, datagram) -> {
          if (PacketHeader.kind(datagram[0]) == PacketHeader.FIRST_MESSAGE) {
            asked.add(datagram);
          }
        };
    byte[] trigger = new byte[100];
    trigger[0] = 8;
    BigEndian.putLong(trigger, 1, peer.ownId);
    byte[] hint = new byte[60];
    int length = ControlPacket.writeUnknownConnection(hint, 0, trigger, 0, trigger.length);
    peer.deliver(Arrays.copyOf(hint, length));
    assertEquals(1, asked.size());
    firsts.put(HandPeer.address(1), asked.get(0));
    for (int i = 0; i < 5_000; i++) {
      peer.nowNanos += S / 10_000;
      peer.endpoint.onDatagram(
          ByteBuffer.wrap(forged(1)), peer.address, EcnMark.NOT_ECT, peer.nowNanos);
    }
    long forgeries = peer.endpoint.counters().drops(DropReason.HANDSHAKE_FORGED);
    int most = 3 * OpeningAttempt.FORGED_PER_SECOND / 2;
    assertTrue(forgeries <= most && forgeries > most / 2, forgeries + " tried in half a second");
    assertEquals(5_000 - forgeries, peer.endpoint.counters().drops(DropReason.RATE_LIMITED));
  }
}
