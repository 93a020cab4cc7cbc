package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.EcnMark;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.identity.AuthorizedKeys;
import io.posthorn.identity.Fingerprint;
import io.posthorn.identity.Identity;
import io.posthorn.identity.KnownHosts;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.ThirdMessagePacket;
import io.posthorn.wire.WireLimits;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a peer is told that is not let in: that, and not why. The words for it name files of this
 * side, what stands in them and who else may come, and are for this side alone.
 */
class RefusedPeerTest {
  @TempDir private Path folder;

  private static void assertToldNothing(Security security, String kept) {
    SocketOptions options = HandPeer.options(security, 4, 1 << 22);
    HandPeer peer = new HandPeer(HandPeer.endpoint(options, 1), options, 1, 1);
    peer.deliver(peer.first());
    peer.deliver(peer.third);
    assertEquals(CloseReason.IDENTITY, peer.toldToClose());
    assertEquals("", peer.closeText());
    assertEquals(0, peer.endpoint.counters().connectionsOpened);
    peer.advance(10_000_000_000L); // until the connection has ended
    String why =
        peer.events.stream()
            .filter(EndpointEvent.Closed.class::isInstance)
            .map(event -> ((EndpointEvent.Closed) event).text())
            .findFirst()
            .orElse(null);
    assertNotNull(why, "this side learns it");
    assertTrue(why.contains(kept), why);
  }

  /**
   * FAULTS 60: an end that connects to itself needs not stand among its own peers; but M2 tells the
   * instance by which it knows itself to whoever asks, and the key tells who somebody is.
   */
  @Test
  void fault60_whoClaimsToBeThisEndIsJudgedAsAnybody() {
    String wanted = Identity.generate().fingerprint().toString();
    SocketOptions options = HandPeer.options(Security.pinned(wanted), 4, 1 << 22);
    HandPeer peer = new HandPeer(HandPeer.endpoint(options, 1), options, 1, 1);
    peer.claimsToBeTheEndpoint = true;
    peer.deliver(peer.first());
    peer.deliver(peer.third);
    assertEquals(CloseReason.IDENTITY, peer.toldToClose());
    assertEquals(Endpoint.NO_CONNECTION, peer.handle());
    byte[] message = {8, 1, 2, 3, 4};
    peer.send(out -> out.channelData(0, 0, message, 0, message.length));
    assertNull(peer.endpoint.pollMessage(peer.nowNanos));
  }

  /** Two ask while there is room for one: the second to prove itself is told what is wrong. */
  @Test
  void whoProvesItselfWhenTheTableIsFullByThenIsToldSo() {
    for (Security security : List.of(Security.ephemeral(), Security.none())) {
      SocketOptions options = HandPeer.options(security, 1, 1 << 22);
      HandPeer late = new HandPeer(HandPeer.endpoint(options, 1), options, 1, 1);
      HandPeer early = new HandPeer(late.endpoint, options, 2, 2);
      late.deliver(late.first());
      early.connect();
      late.deliver(late.third);
      assertEquals(CloseReason.REFUSED, late.toldToClose());
      assertEquals("", late.closeText());
      assertEquals(1, late.endpoint.counters().drops(DropReason.CONNECTION_LIMIT));
      assertEquals(1, late.endpoint.connections(late.nowNanos).size());
      assertEquals(Endpoint.NO_CONNECTION, late.handle());
      long answers = late.datagramsHeard;
      late.advance(10_000_000_000L);
      assertEquals(answers, late.datagramsHeard, "no connection is kept of it");
    }
  }

  /** What told it so may be lost, and who does not know it asks on. */
  @Test
  void whoAsksAgainWhenTheTableWasFullIsToldSoAgain() {
    for (Security security : List.of(Security.ephemeral(), Security.none())) {
      SocketOptions options = HandPeer.options(security, 1, 1 << 22);
      HandPeer late = new HandPeer(HandPeer.endpoint(options, 1), options, 1, 1);
      HandPeer early = new HandPeer(late.endpoint, options, 2, 2);
      List<ByteBuffer> said = new ArrayList<>();
      late.deliver(late.first());
      early.connect();
      InetSocketAddress there = late.address;
      late.sent =
          (to, datagram) -> {
            if (to.equals(there)) {
              said.add(ByteBuffer.wrap(datagram));
            }
          };
      late.deliver(late.third);
      assertEquals(CloseReason.REFUSED, late.toldToClose());
      late.address = HandPeer.address(3); // it has heard that once
      for (int i = 2; i < 5; i++) {
        late.deliver(late.third, there);
        assertEquals(i, said.size());
        late.deliver(late.packet(out -> out.ping()), there);
        assertEquals(i, said.size(), "who does not ask is not answered");
        assertEquals(i, late.endpoint.counters().drops(DropReason.CONNECTION_LIMIT));
      }
      assertEquals(1, Set.copyOf(said).size(), "the same packet");
      byte[] body = new byte[WireLimits.MINIMUM_THIRD_BODY_BYTES];
      byte[] forged = new byte[said.get(0).remaining() - 1];
      int bytes = ThirdMessagePacket.write(forged, 0, late.remoteId, body, body.length);
      late.deliver(Arrays.copyOf(forged, bytes), there);
      assertEquals(4, said.size(), "no more leaves than came");
      late.advance(10_000_000_000L);
      late.deliver(late.third, there);
      assertEquals(4, said.size(), "it is forgotten");
    }
  }

  /** Nobody but those who may come takes a place, say what he will of how long he takes. */
  @Test
  void whoIsNotLetInKeepsNobodyOut() {
    SocketOptions any = HandPeer.options(Security.ephemeral(), 1, 1 << 22);
    byte[] key = new HandPeer(HandPeer.endpoint(any, 1), any, 2, 2).identity.publicKey();
    String wanted = Fingerprint.of(key).toString();
    SocketOptions options = HandPeer.options(Security.pinned(wanted), 1, 1 << 22);
    HandPeer stranger = new HandPeer(HandPeer.endpoint(options, 1), options, 1, 1);
    stranger.parameters.maxAckDelayMicros = (1 << 24) - 1;
    stranger.deliver(stranger.first());
    stranger.deliver(stranger.third);
    assertEquals(CloseReason.IDENTITY, stranger.toldToClose());
    assertEquals(CloseReason.IDENTITY, stranger.closedFor(), "this side learns it too");
    assertEquals(0, stranger.endpoint.connections(0).size());
    InetSocketAddress there = stranger.address;
    stranger.address = HandPeer.address(3); // it has heard that once
    List<InetSocketAddress> told = new ArrayList<>();
    stranger.sent = (to, datagram) -> told.add(to);
    stranger.deliver(stranger.third, there);
    assertEquals(List.of(there), told, "what told it so may have been lost");
    assertEquals(1, stranger.endpoint.counters().drops(DropReason.IDENTITY_REFUSED));
    new HandPeer(stranger.endpoint, options, 2, 2).connect();
  }

  /** It may well have begun before. */
  @Test
  void whoProvesItselfWhileTheSocketClosesIsToldSo() {
    SocketOptions options = HandPeer.options(Security.ephemeral(), 4, 1 << 22);
    HandPeer early = HandPeer.connected(options);
    early.endpoint.send(
        OutgoingMessage.ordered(early.handle(), early.address, new byte[10]), early.nowNanos);
    HandPeer late = new HandPeer(early.endpoint, options, 2, 2);
    late.deliver(late.first());
    late.endpoint.closeAll(2_000_000_000L, late.nowNanos);
    late.advance(1_000_000_000L);
    assertFalse(late.endpoint.isClosed(), "a message waits");
    late.deliver(late.third);
    assertEquals(CloseReason.REFUSED, late.toldToClose());
    assertEquals(1, late.endpoint.counters().drops(DropReason.CONNECTION_LIMIT));
    late.advance(2_000_000_000L);
    assertTrue(late.endpoint.isClosed(), "what was refused holds nothing up");
    late.endpoint.destroy();
    late.deliver(late.third);
    assertEquals(1, late.endpoint.counters().drops(DropReason.CONNECTION_LIMIT));
  }

  /** M3 has the key of whoever asked, and nobody but the right peer gets one. */
  @Test
  void fault59_whoAnswersInAPeersPlaceDoesNotLearnWhoAsked() {
    String wanted = Identity.generate().fingerprint().toString();
    ReliableEndpoint asking =
        HandPeer.endpoint(HandPeer.options(Security.pinned(wanted), 4, 1 << 22), 1);
    ReliableEndpoint impostor =
        HandPeer.endpoint(HandPeer.options(Security.ephemeral(), 4, 1 << 22), 2);
    InetSocketAddress here = HandPeer.address(1);
    InetSocketAddress there = HandPeer.address(2);
    asking.connect(there, 0);
    List<Integer> said = new ArrayList<>();
    List<Integer> answered = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      carry(asking, here, impostor, said);
      carry(impostor, there, asking, answered);
    }
    assertEquals(List.of(PacketHeader.FIRST_MESSAGE), said);
    assertEquals(List.of(PacketHeader.SECOND_MESSAGE), answered);
    assertEquals(1, asking.counters().drops(DropReason.IDENTITY_REFUSED));
    assertEquals(0, asking.counters().connectionsOpened, "it came to nothing");
    assertEquals(0, asking.connections(0).size() + impostor.connections(0).size());
  }

  /** Brings all that one says to the other, and notes what kinds of packets that are. */
  private static void carry(
      ReliableEndpoint from, InetSocketAddress at, ReliableEndpoint to, List<Integer> kinds) {
    TransmitBatch batch = new TransmitBatch();
    while (from.pollTransmit(batch, 0)) {
      for (int i = 0; i < batch.segments(); i++) {
        ByteBuffer segment = batch.segment(i);
        byte[] datagram = new byte[segment.remaining()];
        segment.get(datagram);
        kinds.add(PacketHeader.kind(datagram[0]));
        to.onDatagram(ByteBuffer.wrap(datagram), at, EcnMark.NOT_ECT, 0);
      }
    }
  }

  @Test
  void fault59_whoIsNotLetInDoesNotLearnWhoIs() {
    String wanted = Identity.generate().fingerprint().toString();
    assertToldNothing(Security.pinned(wanted), wanted);
  }

  @Test
  void fault59_whoIsNotLetInLearnsNoFileOfThisSide() throws IOException {
    Path keys = folder.resolve("authorized_keys");
    new AuthorizedKeys(keys).add(Identity.generate().publicKey(), "ann");
    assertToldNothing(Security.authorizedKeys(keys), keys.toString());
    Files.writeString(keys, "nonsense");
    assertToldNothing(Security.authorizedKeys(keys), keys.toString());
  }

  @Test
  void fault59_whoseKeyIsNotTheOneKnownLearnsNoFileOfThisSide() throws IOException {
    Path hosts = folder.resolve("known_hosts");
    new KnownHosts(hosts)
        .add(KnownHosts.nameOf(HandPeer.address(1)), Identity.generate().publicKey());
    assertToldNothing(Security.trustOnFirstUse(hosts), hosts.toString());
  }
}
