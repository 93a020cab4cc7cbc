package io.posthorn.protocol.path;

import io.posthorn.protocol.FrameSource;
import io.posthorn.protocol.PacketBuilder;
import io.posthorn.wire.WireLimits;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Where the peer of one connection is reached, and how that changes: a packet that verifies, is the
 * newest and comes from another address moves the path there; until the new address has answered a
 * challenge, at most three bytes go to it for each that came from it (RFC 9000 §8, §9). The old
 * address is asked too: if it answers and the new one does not, the path goes back.
 */
public final class Path implements FrameSource {
  private static final long NEVER = Long.MAX_VALUE;
  private static final int AMPLIFICATION_FACTOR = 3;
  private static final int ATTEMPTS = 4;

  /**
   * A challenge or a response alone, sealed, with the longest number. Three times the shortest
   * packet leaves as much, even in clear (20 bytes): a peer of whom nothing longer comes, such as a
   * keep-alive, could not prove its address else.
   */
  private static final int LEAST_PROOF_BYTES = 40;

  /** Room for a challenge or a response and a short acknowledgement. */
  private static final int PROOF_BYTES = 64;

  /** Kept for challenges that have to go again: whoever used it up could never prove the path. */
  private static final int RESERVED_BYTES = 2 * PROOF_BYTES;

  private static final int IPV4_BYTES = 4;
  private static final int IPV4_NETWORK_BYTES = 3;
  private static final int IPV6_NETWORK_BYTES = 8;

  private final RandomGenerator random;
  private final PeerConnectionIds peerIds;
  private InetSocketAddress address;
  private @Nullable InetSocketAddress previous;
  private boolean validated = true;
  private long unvalidatedReceivedBytes;
  private long unvalidatedSentBytes;
  private long challenge;
  private boolean challengeDue;

  /** When the address was asked last. */
  private long challengedNanos;

  private long previousChallenge;
  private boolean previousChallengeDue;
  private int attempts;
  private long retryNanos = NEVER;
  private long intervalNanos;
  private int receivedBytes;
  private boolean responseDue;
  private boolean responseFills;
  private long response;
  private @Nullable InetSocketAddress responseTo;
  private @Nullable InetSocketAddress changedFrom;
  private boolean elsewhere;
  private boolean inNewNetwork;
  private boolean reverted;

  /**
   * Makes a path.
   *
   * @param address proved by the handshake
   * @param peerIds get a fresh one each time the path moves
   */
  public Path(InetSocketAddress address, RandomGenerator random, PeerConnectionIds peerIds) {
    this.address = address;
    this.random = random;
    this.peerIds = peerIds;
  }

  /** Where packets go. */
  public InetSocketAddress address() {
    return address;
  }

  /** Whether the address is proved. */
  public boolean isValidated() {
    return validated;
  }

  /**
   * Most bytes of the next datagram to the address; 0 if nothing may leave before more comes from
   * there. Frames of the path itself may use what is kept back from all else.
   */
  public int roomBytes(int limit) {
    if (validated) {
      return limit;
    }
    long allowance = AMPLIFICATION_FACTOR * unvalidatedReceivedBytes - unvalidatedSentBytes;
    long room = Math.min(limit, allowance - RESERVED_BYTES);
    if (room < PROOF_BYTES) {
      room = 0;
    }
    if (hasOwnFrames() && allowance >= LEAST_PROOF_BYTES) {
      room = Math.max(room, Math.min(allowance, PROOF_BYTES));
    }
    return (int) room;
  }

  /** Whether nothing may leave before more comes from the address. */
  public boolean isStifled() {
    return roomBytes(Integer.MAX_VALUE) == 0;
  }

  /** Whether it is not proved yet that the path leads into another network than before. */
  public boolean isLeavingNetwork() {
    return !validated && elsewhere;
  }

  /** A datagram left for the address. */
  public void onSent(int bytes) {
    if (!validated) {
      unvalidatedSentBytes += bytes;
    }
  }

  /**
   * A datagram of which a packet verified came from the address, or from another one. If that is
   * not proved and was asked a while ago, it is asked again: that it is heard says that the
   * challenge or its answer was lost, or that there was no room for it until now.
   */
  public void onReceived(InetSocketAddress from, int bytes, long nowNanos) {
    receivedBytes = bytes;
    if (!validated && from.equals(address)) {
      unvalidatedReceivedBytes += bytes;
      challengeDue |= nowNanos - challengedNanos >= intervalNanos;
    }
  }

  /**
   * The newest packet came from an address that is not the path's.
   *
   * @param probeTimeoutNanos paces the challenges
   */
  public void onNewAddress(
      InetSocketAddress from, int bytes, long probeTimeoutNanos, long nowNanos) {
    if (from.equals(previous)) {
      // Back where it was before; that address is proved already.
      revert();
      return;
    }
    peerIds.onMoved();
    if (validated) {
      previous = address;
      previousChallenge = random.nextLong();
      previousChallengeDue = true;
    }
    address = from;
    InetSocketAddress proved = previous;
    elsewhere = proved != null && !isSameNetwork(proved.getAddress(), from.getAddress());
    validated = false;
    unvalidatedReceivedBytes = bytes;
    unvalidatedSentBytes = 0;
    challenge = random.nextLong();
    challengeDue = true;
    challengedNanos = nowNanos;
    attempts = 0;
    intervalNanos = probeTimeoutNanos;
    retryNanos = nowNanos + intervalNanos;
  }

  private void revert() {
    InetSocketAddress old = previous;
    if (old != null) {
      address = old;
      peerIds.onReverted();
    }
    settle();
  }

  private void settle() {
    validated = true;
    previous = null;
    challengeDue = false;
    previousChallengeDue = false;
    retryNanos = NEVER;
  }

  /** PATH_CHALLENGE arrived: the answer goes where it came from; only the newest is answered. */
  public void onChallenge(long data, InetSocketAddress from) {
    response = data;
    responseTo = from;
    responseDue = true;
    // Else whoever asks with little would have much sent, and past the window.
    responseFills = AMPLIFICATION_FACTOR * receivedBytes >= WireLimits.MINIMUM_DATAGRAM_BYTES;
  }

  /** PATH_RESPONSE arrived. */
  public void onResponse(long data, InetSocketAddress from) {
    InetSocketAddress old = previous;
    if (validated) {
      return;
    }
    if (data == challenge && from.equals(address)) {
      changedFrom = old;
      inNewNetwork |= elsewhere;
      peerIds.onProved();
      settle();
    }
  }

  /** Whether the path went back because no challenge was answered; answers true once. */
  public boolean pollReverted() {
    boolean is = reverted;
    reverted = false;
    return is;
  }

  /**
   * Whether the path has been proved to lead into another network than before, so that what was
   * known of its rate, round trip and size of datagrams holds no more; answers true once.
   */
  public boolean pollNewNetwork() {
    boolean is = inNewNetwork;
    inNewNetwork = false;
    return is;
  }

  /**
   * Whether the way to both addresses is likely the same: a port, or an address among neighbours (a
   * /24, with IPv6 a /64), is what a translator changes that forgets its mapping (RFC 9000 §9.4).
   */
  static boolean isSameNetwork(InetAddress one, InetAddress other) {
    byte[] first = one.getAddress();
    byte[] second = other.getAddress();
    int bytes = first.length == IPV4_BYTES ? IPV4_NETWORK_BYTES : IPV6_NETWORK_BYTES;
    return first.length == second.length && Arrays.equals(first, 0, bytes, second, 0, bytes);
  }

  /** Where the path was before it changed; null if it did not change since the last call. */
  public @Nullable InetSocketAddress pollChangedFrom() {
    InetSocketAddress from = changedFrom;
    changedFrom = null;
    return from;
  }

  /** An address other than the path's to which a datagram must go now, or null. */
  public @Nullable InetSocketAddress offPath() {
    InetSocketAddress to = responseTo;
    if (responseDue && to != null && !to.equals(address)) {
      return to;
    }
    return previousChallengeDue ? previous : null;
  }

  /** Whether the datagram to {@link #offPath} is to be as long as every path has to carry. */
  public boolean fillsOffPath() {
    InetSocketAddress to = responseTo;
    boolean answers = responseDue && to != null && !to.equals(address);
    return answers ? responseFills : previousChallengeDue;
  }

  /** Writes what goes to {@link #offPath}. */
  public void writeOffPath(PacketBuilder out) {
    InetSocketAddress to = responseTo;
    if (responseDue && to != null && !to.equals(address)) {
      if (out.frames().pathResponse(response)) {
        out.carries(0, 0);
        responseDue = false;
      }
      return;
    }
    if (previousChallengeDue && out.frames().pathChallenge(previousChallenge)) {
      out.carries(0, 0);
      previousChallengeDue = false;
    }
  }

  @Override
  public boolean hasFrames(long nowNanos) {
    return hasOwnFrames();
  }

  /** Whether the datagram of the frames to be written is to be as long as every path carries. */
  public boolean fillsDatagram() {
    return challengeDue || (responseDue && responseFills && address.equals(responseTo));
  }

  private boolean hasOwnFrames() {
    return challengeDue || (responseDue && address.equals(responseTo));
  }

  @Override
  public void writeFrames(PacketBuilder out, long nowNanos) {
    if (responseDue && address.equals(responseTo) && out.frames().pathResponse(response)) {
      out.carries(0, 0);
      responseDue = false;
    }
    if (challengeDue && out.frames().pathChallenge(challenge)) {
      out.carries(0, 0);
      challengeDue = false;
      challengedNanos = nowNanos;
    }
  }

  @Override
  public void onAcknowledged(long first, long second, long nowNanos) {}

  @Override
  public void onLost(long first, long second, long nowNanos) {}

  @Override
  public void onProbe(long first, long second, long nowNanos) {}

  @Override
  public long deadlineNanos() {
    return retryNanos;
  }

  @Override
  public void onTimeout(long nowNanos) {
    if (retryNanos > nowNanos) {
      return;
    }
    attempts++;
    InetSocketAddress old = previous;
    if (attempts >= ATTEMPTS && old != null) {
      revert();
      reverted = true;
      return;
    }
    challengeDue = true;
    previousChallengeDue = old != null;
    retryNanos = nowNanos + (intervalNanos << Math.min(attempts, 6));
  }
}
