package io.posthorn.protocol;

import io.posthorn.ConnectionInfo;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.path.MtuDiscovery;
import io.posthorn.protocol.path.Path;
import io.posthorn.protocol.protection.PacketProtection;
import io.posthorn.protocol.recovery.PacketRecovery;
import io.posthorn.wire.PacketNumbers;
import io.posthorn.wire.WireLimits;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Fills one packet at a time: an ACK if there is news, then what the sources have, in the order of
 * their priority, as far as window, pacer and the path's allowance let it.
 */
final class PacketAssembler {
  private static final long NEVER = Long.MAX_VALUE;
  private static final int HEADER_BYTES = 1 + WireLimits.CONNECTION_ID_BYTES;
  private static final int SKIP_AT_LEAST = 128;
  private static final int SKIP_SPREAD = 1024;

  /** Packets without need of acknowledgement, after which one asks for it (RFC 9000 §13.2.4). */
  private static final int QUIET_PACKETS = 1024;

  /** The same while there are gaps, which each ACK lists until one of them is acknowledged. */
  private static final int QUIET_PACKETS_WITH_GAPS = 64;

  private final PacketRecovery recovery;
  private final Acknowledgements acknowledgements;
  private final Pings pings;
  private final MtuDiscovery mtu;
  private final Path path;
  private final FrameSource[] sources;
  private final PacketBuilder builder;
  private final ChannelScheduler scheduler;
  private final Redundancy redundancy;
  private final RateLimit rateLimit;
  private final RandomGenerator random;
  private final @Nullable PacketTrace trace;
  private int packetsToSkip;
  private long pacedUntilNanos = NEVER;
  private ConnectionInfo.LimitedBy heldBy = ConnectionInfo.LimitedBy.APPLICATION;

  /** Whether the application's ceiling has held a packet back that the window allowed. */
  private boolean rateHeld;

  private boolean lastAckEliciting;
  private boolean lastMarked;
  private int quietPackets;
  private boolean thin = true;

  /**
   * Number and frames of a packet that asks for an answer: with so many, an end that has lost the
   * connection can answer it by a reset or a hint, which are shorter (RFC 9000 §10.3).
   */
  private static final int LEAST_ELICITING_BYTES = 7;

  /** Frames of a probe that may be of connection ids alone. */
  private static final int SMALL_PROBE_BYTES = 256;

  /** Index of each source that this class treats in its own way. */
  static final byte ACKNOWLEDGEMENTS = 0;

  static final byte PATH = 1;
  static final byte PINGS = 2;
  static final byte MTU = 3;

  PacketAssembler(ConnectionParts parts) {
    this.recovery = parts.recovery;
    this.acknowledgements = parts.acknowledgements;
    this.path = parts.path;
    this.pings = parts.pings;
    this.mtu = parts.mtu;
    this.sources = parts.sources;
    this.random = parts.shared.random();
    this.trace = parts.packetTrace;
    SocketOptions options = parts.shared.options();
    this.scheduler = new ChannelScheduler(sources, options.priorities());
    this.redundancy = parts.redundancy;
    this.rateLimit = RateLimit.of(options);
    this.builder = new PacketBuilder(parts.shared.scratch().writer(), recovery.sent());
    this.packetsToSkip = SKIP_AT_LEAST + random.nextInt(SKIP_SPREAD);
  }

  /** When the next packet may leave; Long.MAX_VALUE if it is not time that holds it. */
  long pacedUntilNanos() {
    return pacedUntilNanos;
  }

  /** What held the last packet back, of what this class decides; APPLICATION if nothing did. */
  ConnectionInfo.LimitedBy heldBy() {
    return heldBy;
  }

  /** The application's ceiling, or 0. */
  long rateLimitBytesPerSecond() {
    return rateLimit.bytesPerSecond();
  }

  /** Whether the packet written last wants an acknowledgement. */
  boolean lastWasAckEliciting() {
    return lastAckEliciting;
  }

  /** Whether the packet written last is to carry the mark ECT(0). */
  boolean lastWasMarked() {
    return lastMarked;
  }

  boolean hasFrames(long nowNanos) {
    for (int i = 1; i < sources.length; i++) {
      if (sources[i].hasFrames(nowNanos)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Writes a packet for the path's address, if there is reason and leave to.
   *
   * @param scratch receives the frames before they are sealed
   * @param limit most bytes of the packet
   * @param acknowledgeOnly whether nothing but ACKs may be said any more
   * @return bytes written, 0 if nothing may leave now
   */
  int write(
      PacketProtection protection,
      long destinationConnectionId,
      byte[] scratch,
      byte[] out,
      int from,
      int limit,
      boolean acknowledgeOnly,
      long nowNanos) {
    boolean wasPaced = heldBy == ConnectionInfo.LimitedBy.PACING && pacedUntilNanos < nowNanos;
    long lateNanos = wasPaced ? nowNanos - pacedUntilNanos : 0;
    pacedUntilNanos = NEVER;
    heldBy = ConnectionInfo.LimitedBy.APPLICATION;
    int room = path.roomBytes(limit);
    if (room == 0) {
      return 0;
    }
    int quietLimit = acknowledgements.hasGaps() ? QUIET_PACKETS_WITH_GAPS : QUIET_PACKETS;
    if (quietPackets >= quietLimit && !acknowledgeOnly) {
      pings.request(); // or neither side could ever forget what these packets acknowledged
    }
    boolean probe = recovery.probes().isDue() && !acknowledgeOnly;
    // The proof of a path waits for no window: what fills it may have been sent to another.
    boolean proof = path.hasFrames(nowNanos) && !acknowledgeOnly;
    boolean wanted = probe || (!acknowledgeOnly && hasFrames(nowNanos));
    int overheadBytes = HEADER_BYTES + protection.leastNumberBytes() + protection.overheadBytes();
    int copies = thin ? redundancy.copies(recovery.rtt().smoothedRttNanos()) : 1;
    boolean allowed =
        wanted && (probe || mayLeave(room, copies, overheadBytes, lateNanos, nowNanos));
    if (!allowed && !proof && !acknowledgements.isDue(nowNanos)) {
      return 0;
    }
    long packetNumber = nextNumber();
    int numberLength = numberLength(protection, packetNumber);
    boolean inPlace = protection.leavesInPlace();
    byte[] frames = inPlace ? out : scratch;
    int framesFrom = inPlace ? from + HEADER_BYTES + numberLength : 0;
    int most = room - HEADER_BYTES - numberLength - protection.overheadBytes();
    builder.begin(frames, framesFrom, framesFrom + most);
    boolean fills = proof && path.fillsDatagram();
    if (proof) { // first, for an ACK may take all the room that an address has which is not proved
      builder.source(PATH);
      path.writeFrames(builder, nowNanos);
    }
    if (acknowledgements.hasFrames(nowNanos)) {
      builder.source(ACKNOWLEDGEMENTS);
      acknowledgements.writeFrames(builder, nowNanos);
    }
    if (allowed) {
      if (!recovery.probes().isBare()) {
        builder.beginMessages();
        if (thin && recovery.windowAllows(2 * room)) {
          builder.mayRepeat(copies, redundancy.allowanceBytes(overheadBytes));
        }
        writeSources(nowNanos);
      }
      // A probe of spare connection ids alone would not move the path to where it comes from.
      boolean small = recovery.probes().isDue() && builder.frames().written() <= SMALL_PROBE_BYTES;
      if (probe && (small || !builder.isAckEliciting())) {
        builder.source(PINGS);
        pings.request();
        pings.writeFrames(builder, nowNanos);
      }
    }
    if (builder.frames().written() == 0) {
      return 0;
    }
    if (fills && room >= WireLimits.MINIMUM_DATAGRAM_BYTES) {
      builder.frames().padding(paddingBytes(room, most));
    }
    if (!allowed && builder.isAckEliciting()) {
      builder.leaveFlight(); // for the window does not know of it
    }
    return finish(
        protection,
        destinationConnectionId,
        packetNumber,
        numberLength,
        frames,
        framesFrom,
        out,
        from,
        recovery.ecn().marksNext(builder.isAckEliciting()),
        nowNanos);
  }

  /** What a packet lacks of the size that every path has to carry (RFC 9000 §8.2). */
  private int paddingBytes(int room, int mostFrameBytes) {
    int least = mostFrameBytes - (room - WireLimits.MINIMUM_DATAGRAM_BYTES);
    return Math.max(0, least - builder.frames().written());
  }

  /** Whether window, rate limit and pacer let a packet leave; notes what holds it if not. */
  private boolean mayLeave(int room, int copies, int overheadBytes, long lateNanos, long nowNanos) {
    if (!recovery.windowAllows(room)) {
      heldBy = ConnectionInfo.LimitedBy.CONGESTION_WINDOW;
      rateHeld = false;
      return false;
    }
    long ready = rateLimit.readyNanos(room, nowNanos);
    if (ready > nowNanos) {
      heldBy = ConnectionInfo.LimitedBy.RATE_LIMIT;
      rateHeld = true;
    } else if (!recovery.pacerAllows(room, lateNanos, nowNanos)) {
      ready = recovery.pacerReadyNanos(room, nowNanos);
      heldBy = ConnectionInfo.LimitedBy.PACING;
    } else if (copies > 1) {
      ready = redundancy.heldUntilNanos(copies, overheadBytes, recovery.rtt().smoothedRttNanos());
    }
    if (ready > nowNanos) {
      pacedUntilNanos = ready;
      return false;
    }
    return true;
  }

  private void writeSources(long nowNanos) {
    for (int i = 1; i < sources.length; i++) {
      if (sources[i].hasFrames(nowNanos)) {
        builder.source((byte) i);
        sources[i].writeFrames(builder, nowNanos);
      }
    }
    scheduler.write(builder, nowNanos);
    for (int i = 1; i < sources.length && builder.repeatableBytes() > 0; i++) {
      builder.source((byte) i);
      sources[i].repeatFrames(builder);
    }
  }

  /** Writes a packet with path probes for another address than the path's. */
  int writeOffPath(
      PacketProtection protection,
      long destinationConnectionId,
      byte[] scratch,
      byte[] out,
      int from,
      int limit,
      long nowNanos) {
    long packetNumber = nextNumber();
    int numberLength = numberLength(protection, packetNumber);
    int most = limit - HEADER_BYTES - numberLength - protection.overheadBytes();
    builder.begin(scratch, 0, most);
    builder.source(PATH);
    boolean fills = path.fillsOffPath();
    path.writeOffPath(builder);
    if (fills) {
      builder.frames().padding(paddingBytes(limit, most));
    }
    builder.leaveFlight(); // its loss would say nothing of the path (RFC 9000 §9.4)
    return finish(
        protection,
        destinationConnectionId,
        packetNumber,
        numberLength,
        scratch,
        0,
        out,
        from,
        false,
        nowNanos);
  }

  /** Writes a packet of exactly this size that asks whether the path carries it. */
  int writeMtuProbe(
      PacketProtection protection,
      long destinationConnectionId,
      byte[] scratch,
      byte[] out,
      int from,
      int size,
      long nowNanos) {
    long packetNumber = nextNumber();
    int numberLength = numberLength(protection, packetNumber);
    int frameBytes = size - HEADER_BYTES - numberLength - protection.overheadBytes();
    builder.begin(scratch, 0, frameBytes);
    builder.source(MTU);
    mtu.writeProbe(builder, frameBytes, recovery.probeTimeoutNanos(), nowNanos);
    builder.leaveFlight(); // its loss says that it was too large
    return finish(
        protection,
        destinationConnectionId,
        packetNumber,
        numberLength,
        scratch,
        0,
        out,
        from,
        recovery.ecn().marksNext(builder.isAckEliciting()),
        nowNanos);
  }

  private int finish(
      PacketProtection protection,
      long destinationConnectionId,
      long packetNumber,
      int numberLength,
      byte[] frames,
      int framesFrom,
      byte[] out,
      int from,
      boolean marked,
      long nowNanos) {
    int headerBytes = HEADER_BYTES + numberLength + protection.overheadBytes();
    builder.source(MTU);
    mtu.noteLarge(builder, builder.frames().written() + headerBytes);
    int least =
        builder.isAckEliciting() ? LEAST_ELICITING_BYTES : WireLimits.MAX_PACKET_NUMBER_BYTES;
    int shortBy = least - numberLength - builder.frames().written();
    if (shortBy > 0) {
      builder.frames().padding(shortBy);
    }
    int bytes =
        protection.seal(
            destinationConnectionId,
            packetNumber,
            numberLength,
            frames,
            framesFrom,
            builder.frames().written(),
            out,
            from);
    lastAckEliciting = builder.isAckEliciting();
    quietPackets = lastAckEliciting ? 0 : quietPackets + 1;
    boolean windowAllows = recovery.windowAllows(2 * bytes);
    thin = windowAllows && !hasFrames(nowNanos);
    // A ceiling that the application set leaves the window unused as an empty buffer does
    // (RFC 9002 §7.8).
    boolean applicationLimited = thin || (windowAllows && rateHeld);
    rateHeld &= !lastAckEliciting;
    rateLimit.onSent(bytes, !lastAckEliciting, nowNanos);
    lastMarked = marked;
    recovery.onPacketSent(bytes, lastAckEliciting, applicationLimited, marked, nowNanos);
    if (builder.hasLeftFlight()) {
      recovery.sent().keep(); // however soon all before it is acknowledged
    }
    if (trace != null) {
      trace.sent(
          packetNumber,
          protection.sendingPhase(),
          bytes,
          frames,
          framesFrom,
          builder.frames().written(),
          mtu.currentBytes(),
          recovery,
          nowNanos);
    }
    if (lastAckEliciting) {
      redundancy.onPacket(
          bytes,
          recovery.packetsLost() - recovery.packetsSpuriouslyLost(),
          recovery.largestAcknowledged() + 1,
          nowNanos);
    }
    return bytes;
  }

  private int numberLength(PacketProtection protection, long packetNumber) {
    return Math.max(
        protection.leastNumberBytes(),
        PacketNumbers.lengthFor(packetNumber, recovery.largestAcknowledged()));
  }

  /** The number of the next packet; now and then one is skipped, to catch a lying peer. */
  private long nextNumber() {
    if (--packetsToSkip <= 0) {
      recovery.sent().skip();
      packetsToSkip = SKIP_AT_LEAST + random.nextInt(SKIP_SPREAD);
    }
    return recovery.sent().next();
  }
}
