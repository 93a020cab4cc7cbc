package io.posthorn.endpoint;

import io.posthorn.protocol.EndpointResources;
import io.posthorn.wire.ControlPacket;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Data packets that belong to no connection (PROTOCOL.md §12.2, §12.3). One that is a reset ends
 * the connection that it names. One to an id that this identity issued at this port is answered
 * with a reset, or with a hint if it is too short for that; one to an id that an earlier run may
 * have issued under a key that is lost, with a hint. Each answer is shorter than what it answers,
 * and there are only so many, so two ends never answer each other for long.
 */
final class StatelessReset {
  private static final int SPREAD = 16;

  /** A reset is short, so that nobody can tell it from a packet that says little. */
  private static final int LEAST_LONG_BYTES = 100;

  /** Strays between two looks; who floods this port with what may be some loses only more. */
  private static final int MOST_STRAYS = 16;

  private static final int TOKEN_BYTES = WireLimits.RESET_TOKEN_BYTES;

  private final EndpointResources shared;
  private final PeerAddresses addresses;
  private final Outbox outbox;
  private final boolean lasting;
  private final AnswerLimit limit;
  private final ArrayDeque<StrayReset> strays = new ArrayDeque<>();
  private final EndedIds ended = new EndedIds();

  /**
   * Makes one.
   *
   * @param lasting whether the identity outlives this run, so that every id that may be known to a
   *     peer can be told from garbage
   */
  StatelessReset(
      EndpointResources shared, PeerAddresses addresses, Outbox outbox, boolean lasting) {
    this.shared = shared;
    this.addresses = addresses;
    this.outbox = outbox;
    this.lasting = lasting;
    this.limit = new AnswerLimit(shared.random().nextInt());
  }

  /** A connection is forgotten. */
  void onEnded(ConnectionSlot slot, long nowNanos) {
    for (int i = 0; i < slot.tableIdCount; i++) {
      ended.add(slot.tableIds[i], nowNanos);
    }
  }

  /** The connection that a packet to an unknown id resets, or null if it is none. */
  @Nullable ConnectionSlot match(byte[] packet, int at, int length, InetSocketAddress from) {
    if (length < WireLimits.MINIMUM_SEALED_PACKET_BYTES) {
      return null;
    }
    return match(packet, at + length - TOKEN_BYTES, from);
  }

  private @Nullable ConnectionSlot match(byte[] bytes, int tokenAt, InetSocketAddress from) {
    ConnectionSlot slot = addresses.byPath(from);
    return slot != null && slot.connection.isReset(bytes, tokenAt) ? slot : null;
  }

  /** The connection that a packet resets which another endpoint at the port got. */
  @Nullable ConnectionSlot match(StrayReset stray) {
    return match(stray.token(), 0, stray.from());
  }

  /** Notes a packet to an unknown id that may reset a connection of another endpoint. */
  void noteStray(byte[] packet, int at, int length, InetSocketAddress from) {
    boolean mayBe =
        length >= WireLimits.MINIMUM_SEALED_PACKET_BYTES
            && length < LEAST_LONG_BYTES
            && strays.size() < MOST_STRAYS
            && !shared.ids().isIssuedHere(PacketHeader.connectionId(packet, at));
    if (mayBe) {
      int end = at + length;
      strays.add(new StrayReset(from, Arrays.copyOfRange(packet, end - TOKEN_BYTES, end)));
    }
  }

  @Nullable StrayReset pollStray() {
    return strays.poll();
  }

  /** Answers a packet whose id is neither known nor half-open, if it deserves that. */
  void answer(byte[] packet, int at, int length, InetSocketAddress to, long nowNanos) {
    if (!limit.allows(to, nowNanos)) {
      return;
    }
    long id = PacketHeader.connectionId(packet, at);
    boolean own = shared.ids().isIssuedHere(id);
    if (own ? ended.contains(id, nowNanos) : lasting) {
      return; // too late, or garbage
    }
    byte[] answer =
        own && length > WireLimits.MINIMUM_SEALED_PACKET_BYTES
            ? reset(id, length)
            : hint(packet, at, length);
    if (answer.length > 0) {
      limit.count(to, nowNanos);
      outbox.add(answer, to);
    }
  }

  private byte[] reset(long id, int triggerLength) {
    RandomGenerator random = shared.random();
    int length =
        Math.min(
            WireLimits.MINIMUM_SEALED_PACKET_BYTES + random.nextInt(SPREAD), triggerLength - 1);
    byte[] reset = new byte[length];
    random.nextBytes(reset);
    reset[0] = (byte) (PacketHeader.DATA | (reset[0] & PacketHeader.PROTECTED_BITS));
    System.arraycopy(shared.ids().token(id), 0, reset, length - TOKEN_BYTES, TOKEN_BYTES);
    return reset;
  }

  private static byte[] hint(byte[] packet, int at, int length) {
    byte[] hint = new byte[WireLimits.MAX_HINT_ECHO_BYTES + 16];
    return Arrays.copyOf(hint, ControlPacket.writeUnknownConnection(hint, 0, packet, at, length));
  }
}
