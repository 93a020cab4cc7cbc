package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.DraftOptions;
import io.posthorn.EcnMark;
import io.posthorn.Mode;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.EndpointResources;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.PeerConnection;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.protocol.protection.HastyPeer;
import io.posthorn.protocol.protection.KeyLimits;
import io.posthorn.protocol.protection.PacketProtection;
import io.posthorn.protocol.protection.Secrets;
import io.posthorn.runtime.SimulatedEndpoint;
import io.posthorn.simulation.Interception;
import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.SimulatedNetwork;
import io.posthorn.wire.BigEndian;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FrameWriter;
import io.posthorn.wire.WireLimits;
import java.lang.reflect.Field;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.statistics.Statistics;
import org.jspecify.annotations.Nullable;

/** Keys that are replaced, erased and used up, in whole connections (PROTOCOL.md §4.4). */
class ConnectionKeysProperties {
  private static final SocketOptions OPTIONS = options();
  private static final long MS = 1_000_000;
  private static final long FOREVER = 1L << 60;
  private static final int MESSAGES = 400;

  /** Without the search for larger datagrams, whose packets would break the silence. */
  private static SocketOptions options() {
    DraftOptions options = DraftOptions.of(Mode.RELIABLE);
    options.security = Security.ephemeral();
    options.maxDatagramBytes = WireLimits.MINIMUM_DATAGRAM_BYTES;
    return options.done();
  }

  private static ReliableEndpoint endpoint(int host, long seed, KeyLimits limits) {
    InetSocketAddress own = HandPeer.address(host);
    return new ReliableEndpoint(
        new EndpointSetup(OPTIONS, new SplittableRandom(2 * seed + host), own::equals)
            .withKeyLimits(limits));
  }

  /** The only connection of an endpoint. */
  private static PeerConnection connectionOf(ReliableEndpoint endpoint) {
    try {
      Field field = ReliableEndpoint.class.getDeclaredField("table");
      field.setAccessible(true);
      return ((ConnectionTable) field.get(endpoint)).all().iterator().next().connection;
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  private static boolean keepsOldKey(PeerConnection connection) {
    return Secrets.of(connection).keySet().stream().anyMatch(path -> path.contains(".previous."));
  }

  /** FAULTS 57: nobody has to ask for them. */
  @Example
  void fault57_anEndpointUsesItsKeysAsLongAsIsUsual() {
    ReliableEndpoint endpoint = HandPeer.endpoint(OPTIONS, 1);
    EndpointResources shared = ReachableHeap.from(endpoint).only(EndpointResources.class);
    assertEquals(KeyLimits.DEFAULT, shared.keyLimits());
  }

  /** One end on the simulated network: what it sends is numbered, what it gets must be in order. */
  private static final class Side {
    final SimulatedNetwork network;
    final InetSocketAddress address;
    final InetSocketAddress other;
    final ReliableEndpoint endpoint;
    final SplittableRandom random;
    EndpointEvent.@Nullable Closed closed;
    int sent;
    int received;

    Side(SimulatedNetwork network, int host, long seed, KeyLimits limits) {
      this.network = network;
      address = HandPeer.address(host);
      other = HandPeer.address(3 - host);
      endpoint = ConnectionKeysProperties.endpoint(host, seed, limits);
      random = new SplittableRandom(seed + host);
      network.attach(address, new SimulatedEndpoint(endpoint, this::onMessage, this::onEvent));
    }

    private void onMessage(ReceivedMessage message) {
      assertEquals(received, BigEndian.getLong(message.body(), 0));
      received++;
    }

    private void onEvent(EndpointEvent event) {
      if (event instanceof EndpointEvent.Closed is) {
        closed = is;
      }
    }

    void send() {
      byte[] body = new byte[8 + random.nextInt(1_500)];
      BigEndian.putLong(body, 0, sent);
      OutgoingMessage message = OutgoingMessage.ordered(Endpoint.NO_CONNECTION, other, body);
      if (endpoint.send(message, network.nowNanos()) == SendOutcome.ACCEPTED) {
        sent++;
      }
      network.wake(address);
    }

    void updateKeys() {
      endpoint.connections(network.nowNanos()).stream()
          .findFirst()
          .ifPresent(row -> endpoint.updateKeys(row.connection(), network.nowNanos()));
      network.wake(address);
    }

    PacketProtection keys() {
      return Secrets.keysOf(connectionOf(endpoint));
    }
  }

  private static SimulatedNetwork network(long seed, String conditions) {
    SimulatedNetwork network = SimulatedNetwork.seeded(seed);
    LinkConditions link = LinkConditions.parse(conditions);
    network.link(HandPeer.address(1), HandPeer.address(2), link);
    network.link(HandPeer.address(2), HandPeer.address(1), link);
    return network;
  }

  /**
   * FAULTS 57: both sides replace their keys many times, by packets, by time or when asked, on a
   * network that loses, repeats and reorders: nothing is lost, nothing counts as forged, and when
   * all is silent no old key is left.
   */
  @Property(tries = 24)
  void keysAreReplacedWhateverTheNetworkDoes(
      @ForAll long seed, @ForAll @IntRange(max = 2) int why, @ForAll @IntRange(max = 30) int loss) {
    KeyLimits limits =
        new KeyLimits(why == 0 ? 100 : 1 << 20, why == 1 ? 1_000 * MS : FOREVER, 1 << 20, 100);
    SimulatedNetwork network =
        network(seed, "delay 10ms 5ms loss " + loss + "% duplicate 5% reorder 10% 20ms");
    Side left = new Side(network, 1, seed, limits);
    Side right = new Side(network, 2, seed, limits);
    SplittableRandom random = new SplittableRandom(seed);
    Duration gap = Duration.ofMillis(25);
    left.send();
    network.run(Duration.ofSeconds(5));
    assertEquals(1, right.received, "the connection is open");
    for (int i = 1; i < MESSAGES; i++) {
      left.send();
      right.send();
      if (why == 2 && random.nextInt(20) == 0) {
        (random.nextBoolean() ? left : right).updateKeys();
      }
      network.run(gap);
    }
    boolean all =
        network.runUntil(
            () -> left.received == right.sent && right.received == left.sent,
            Duration.ofSeconds(120));
    assertTrue(all, left.received + " and " + right.received);
    long phase = left.keys().sendingPhase();
    assertTrue(phase >= 3, "phase " + phase);
    assertTrue(Math.abs(phase - right.keys().sendingPhase()) <= 1);
    network.run(Duration.ofSeconds(9)); // before the first keep-alive
    for (Side side : List.of(left, right)) {
      assertFalse(keepsOldKey(connectionOf(side.endpoint)), "an old key is left");
      assertEquals(0, side.endpoint.counters().drops(DropReason.AUTHENTICATION_FAILED));
      assertEquals(0, side.keys().forgeries());
    }
    Statistics.label("phases").collect(phase);
  }

  /** Nothing comes after the update, no datagram and no call: the clock erases the old key. */
  @Example
  void anOldKeyIsErasedInSilence() {
    SimulatedNetwork network = network(1, "delay 10ms");
    Side left = new Side(network, 1, 1, KeyLimits.DEFAULT);
    Side right = new Side(network, 2, 1, KeyLimits.DEFAULT);
    left.send();
    network.run(Duration.ofSeconds(1));
    long[] silent = {Endpoint.NEVER};
    network.intercept(
        (from, to, number, datagram) ->
            network.nowNanos() >= silent[0] ? Interception.DROP : Interception.DELIVER);
    left.updateKeys();
    silent[0] = network.nowNanos() + 25 * MS;
    network.run(Duration.ofMillis(60));
    for (Side side : List.of(left, right)) {
      assertEquals(1, side.keys().receivingPhase());
      assertTrue(keepsOldKey(connectionOf(side.endpoint)));
    }
    network.run(Duration.ofSeconds(2));
    for (Side side : List.of(left, right)) {
      assertFalse(keepsOldKey(connectionOf(side.endpoint)));
    }
  }

  /** A packet leaves for that, at once or when three probe timeouts are over, and nothing else. */
  @Example
  void whatIsAskedForInSilenceComesInItsTime() {
    SimulatedNetwork network = network(4, "delay 10ms");
    Side left = new Side(network, 1, 4, KeyLimits.DEFAULT);
    Side right = new Side(network, 2, 4, KeyLimits.DEFAULT);
    left.send();
    network.run(Duration.ofSeconds(5));
    left.updateKeys();
    network.run(Duration.ofMillis(11));
    assertEquals(1, right.keys().receivingPhase(), "at once");
    network.run(Duration.ofMillis(60));
    assertEquals(1, left.keys().receivingPhase());
    left.updateKeys();
    network.run(Duration.ofMillis(20));
    assertEquals(1, left.keys().sendingPhase(), "the other side may still keep the key before");
    network.run(Duration.ofSeconds(1));
    assertEquals(2, left.keys().receivingPhase());
    assertEquals(2, right.keys().receivingPhase());
  }

  /**
   * Asked for before anything was acknowledged, it is due with the first acknowledgement. The round
   * trip is so long that nobody asks for sooner ones, and the first packet has been answered:
   * either would take the update along.
   */
  @Example
  void anAcknowledgementThatAllowsWhatWasAskedForBringsIt() {
    HandPeer peer = new HandPeer(endpoint(1, 5, KeyLimits.DEFAULT), OPTIONS, 2, 1);
    peer.deliver(peer.first());
    peer.advance(200 * MS);
    peer.deliver(peer.third);
    peer.send(out -> out.ping());
    peer.advance(100 * MS);
    peer.endpoint.updateKeys(peer.handle(), peer.nowNanos);
    peer.collect();
    peer.advance(100 * MS);
    assertEquals(0, peer.keys().receivingPhase());
    long newest = peer.largestOpened();
    peer.send(out -> MisbehavingPeerCase.ack(out, 0, newest)); // which is not acknowledged
    assertEquals(1, peer.keys().receivingPhase());
  }

  /** FAULTS 57: by time also where nothing but the keep-alive is sent. */
  @Example
  void aQuietConnectionReplacesItsKeysByTime() {
    SimulatedNetwork network = network(2, "delay 10ms");
    KeyLimits limits = new KeyLimits(1 << 20, 60_000 * MS, 1 << 23, 100);
    Side left = new Side(network, 1, 2, limits);
    Side right = new Side(network, 2, 2, limits);
    left.endpoint.connect(left.other, 0);
    network.wake(left.address);
    network.run(Duration.ofMinutes(10));
    long phase = left.keys().sendingPhase();
    assertTrue(phase >= 8 && phase <= 10, "phase " + phase);
    assertEquals(phase, right.keys().sendingPhase());
  }

  /**
   * FAULTS 57, the hard stop: where more is to be sealed than one key may before the next can
   * follow, the connection ends, and both learn why.
   */
  @Example
  void aKeyThatIsUsedUpEndsTheConnection() {
    SimulatedNetwork network = network(3, "delay 50ms");
    KeyLimits limits = new KeyLimits(200, FOREVER, 300, 100);
    Side left = new Side(network, 1, 3, limits);
    Side right = new Side(network, 2, 3, limits);
    for (int i = 0; i < 10_000 && left.closed == null && right.closed == null; i++) {
      left.send();
      network.run(Duration.ofMillis(1));
    }
    assertEquals(1, left.keys().sendingPhase(), "the first update came through");
    network.run(Duration.ofSeconds(5));
    EndpointEvent.Closed here = left.closed;
    EndpointEvent.Closed there = right.closed;
    assertTrue(here != null && there != null);
    assertEquals(CloseReason.KEY_LIMIT, here.reason());
    assertFalse(here.byPeer());
    assertEquals(CloseReason.KEY_LIMIT, there.reason());
    assertTrue(there.byPeer());
  }

  /**
   * A peer that acknowledges nothing of the last phase, and asks for more acknowledgements than the
   * packets that are left for closing: its connection ends, and nothing is thrown.
   */
  @Example
  void whoAsksForMoreThanAKeyMaySealLosesTheConnectionAndNothingElse() {
    for (boolean flushes : new boolean[] {false, true}) {
      HandPeer peer = connected(new KeyLimits(200, FOREVER, 300, 100));
      if (flushes) {
        OutgoingMessage message =
            OutgoingMessage.ordered(peer.handle(), peer.address, new byte[10]);
        assertEquals(SendOutcome.ACCEPTED, peer.endpoint.send(message, peer.nowNanos));
        peer.endpoint.close(peer.handle(), 7, "bye", FOREVER, peer.nowNanos);
      }
      long newest = peer.largestOpened();
      peer.send(out -> MisbehavingPeerCase.ack(out, 0, newest)); // so that the keys may move on
      for (int i = 0; i < 200 + 300 + 100; i++) {
        peer.nextNumber++; // a gap, for which each is acknowledged at once
        peer.send(out -> out.ping());
      }
      CloseReason reason = flushes ? CloseReason.APPLICATION : CloseReason.KEY_LIMIT;
      assertEquals(reason, peer.toldToClose());
      assertEquals(reason, peer.closedFor());
      assertEquals(1, peer.keys().receivingPhase());
      assertTrue(peer.endpoint.connections(peer.nowNanos).isEmpty());
      assertEquals(Endpoint.NEVER, peer.endpoint.nextTimeoutNanos());
    }
  }

  /** FAULTS 36: forgeries are counted for the connection, which ends before they are too many. */
  @Example
  void forgeriesEndTheConnectionAtTheirLimitAndNotBefore() {
    HandPeer peer = connected(new KeyLimits(1 << 20, FOREVER, 1 << 20, 50));
    byte[] genuine = peer.packet(out -> out.ping());
    for (int i = 1; i <= 50; i++) {
      assertEquals(null, peer.toldToClose(), "after " + (i - 1) + " forgeries");
      byte[] forged = genuine.clone();
      forged[forged.length - 1 - i % 16] ^= (byte) i;
      peer.deliver(forged, HandPeer.address(99)); // from anywhere
      assertEquals(i, peer.endpoint.counters().drops(DropReason.AUTHENTICATION_FAILED));
    }
    assertEquals(CloseReason.KEY_LIMIT, peer.toldToClose(), "at once, though nothing else is sent");
    peer.advance(60_000 * MS);
    assertEquals(CloseReason.KEY_LIMIT, peer.closedFor());
  }

  /** A peer that flips the phase again before it can have heard of the last time. */
  @Example
  void aPeerThatUpdatesWithoutAnAnswerIsToldThatItBreaksTheRules() {
    HandPeer peer = connected(KeyLimits.DEFAULT);
    List<byte[]> secrets = new ArrayList<>();
    peer.keys().revealSecrets((send, receive) -> secrets.add(send.clone()));
    HastyPeer hasty = new HastyPeer(secrets.get(0));
    byte[] ping = {1, 0, 0, 0};
    peer.deliver(hasty.seal(peer.remoteId, 0, 0, ping));
    peer.advance(100 * MS);
    byte[] first = hasty.seal(peer.remoteId, 1, 1, ping);
    byte[] second = hasty.seal(peer.remoteId, 2, 2, ping);
    peer.endpoint.onDatagram(ByteBuffer.wrap(first), peer.address, EcnMark.NOT_ECT, peer.nowNanos);
    peer.nowNanos += 10 * MS;
    peer.deliver(second);
    assertEquals(CloseReason.PROTOCOL_VIOLATION, peer.toldToClose());
    peer.advance(60_000 * MS);
    assertEquals(CloseReason.PROTOCOL_VIOLATION, peer.closedFor());
  }

  /** It has read what was sealed with the new key, and goes on with the old one. */
  @Example
  void aPeerThatDoesNotFollowAnUpdateIsToldThatItBreaksTheRules() {
    HandPeer peer = connected(KeyLimits.DEFAULT);
    List<byte[]> secrets = new ArrayList<>();
    peer.keys().revealSecrets((send, receive) -> secrets.add(send.clone()));
    HastyPeer stubborn = new HastyPeer(secrets.get(0));
    long before = peer.largestOpened();
    peer.deliver(stubborn.seal(peer.remoteId, 0, 0, acknowledging(before)));
    peer.endpoint.updateKeys(peer.handle(), peer.nowNanos);
    peer.collect();
    assertEquals(1, peer.keys().receivingPhase());
    peer.deliver(stubborn.seal(peer.remoteId, 0, 1, acknowledging(before)));
    assertEquals(null, peer.toldToClose(), "it may not have come yet");
    peer.deliver(stubborn.seal(peer.remoteId, 0, 2, acknowledging(peer.largestOpened())));
    assertEquals(CloseReason.PROTOCOL_VIOLATION, peer.toldToClose());
  }

  /** The frames of a packet that acknowledges all up to this number. */
  private static byte[] acknowledging(long newest) {
    FrameWriter frames = new FrameWriter();
    byte[] plain = new byte[100];
    frames.reset(plain, 0, plain.length);
    MisbehavingPeerCase.ack(frames, 0, newest);
    return Arrays.copyOf(plain, frames.written());
  }

  private static HandPeer connected(KeyLimits limits) {
    HandPeer peer = new HandPeer(endpoint(1, 5, limits), OPTIONS, 2, 1);
    peer.connect();
    return peer;
  }
}
