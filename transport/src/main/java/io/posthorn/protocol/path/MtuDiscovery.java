package io.posthorn.protocol.path;

import io.posthorn.protocol.FrameSource;
import io.posthorn.protocol.PacketBuilder;
import io.posthorn.wire.WireLimits;
import java.util.function.IntSupplier;
import java.util.function.LongPredicate;

/**
 * How large the path's datagrams may be: packetization-layer path MTU discovery (RFC 8899, RFC 9000
 * §14.3). From the 1,200 bytes that every path carries, it tries the largest size that this host
 * and the peer allow, then those of common links, then halves what is between. It begins when a
 * full packet has left, for small messages gain nothing by it; at first it goes no higher than
 * Ethernet, and beyond that only once a flow has proved to be a long one. A probe is a padded PING
 * beside the data: its loss is no sign of congestion, nor is it one of its size while nothing else
 * arrives. When large packets vanish and small ones arrive, the path has become a black hole for
 * large ones (§4.3), and all begins anew; so it does when the path leads into another network.
 *
 * <p>Notes in packets: the size, and the packet's place among the large ones; of a probe {@link
 * #PROBE}, less one for each path and black hole before.
 */
public final class MtuDiscovery implements FrameSource {
  private static final long NEVER = Long.MAX_VALUE;
  private static final int BASE_BYTES = WireLimits.MINIMUM_DATAGRAM_BYTES;
  private static final long PROBE = -1;

  /** RFC 8899 §5.1.2: how often one size is tried. */
  private static final int MAX_PROBES = 3;

  /** RFC 8899 §5.1.1: when the search begins again, for the path may carry more by then. */
  private static final long RAISE_NANOS = 600_000_000_000L;

  /** Large packets lost in a row, with none sent later acknowledged, that mean a black hole. */
  private static final int BLACK_HOLE_PACKETS = 3;

  /** Less than this is not worth a further probe. */
  private static final int RESOLUTION_BYTES = 20;

  /** UDP payloads that fill the packets of common links, over IPv4 and IPv6, in ascending order. */
  private static final int[] COMMON_BYTES = {
    1_232, 1_252, 1_372, 1_392, 1_452, 1_472, 4_424, 8_952, 8_972, 16_356, 32_740
  };

  /** Ethernet: the first guess when the largest size does not pass. */
  private static final int LIKELY_BYTES = 1_472;

  /**
   * Full packets after which sizes beyond Ethernet's are tried, some 24 MB. While the cipher's code
   * is still interpreted, a packet of 60 KB takes the time of hundreds of round trips, and the code
   * is compiled by the number of packets that it has seen, not by their bytes.
   */
  private static final int LONG_FLOW_PACKETS = 16_384;

  private final IntSupplier ceiling;
  private final LongPredicate silence;
  private final int longFlowPackets;
  private int fullPackets;
  private int ceilingBytes = BASE_BYTES;
  private int currentBytes = BASE_BYTES;
  private int failedBytes;
  private boolean ceilingTried;
  private boolean started;
  private int probeBytes; // 0 when no size is being tried
  private int attempts;
  private long attemptNumber;
  private long attemptNanos;
  private boolean due;
  private long retryNanos = NEVER;
  private long raiseNanos = NEVER;
  private long largeSent;
  private long newestLargeAcknowledged = -1;
  private int largeLostInARow;
  private boolean changed;
  private long probeNote = PROBE;

  /**
   * Starts at the base size.
   *
   * @param ceiling the largest datagram that may be tried; asked when a search begins
   * @param silence whether packets are under way, and none from this number on was acknowledged
   */
  public MtuDiscovery(IntSupplier ceiling, LongPredicate silence) {
    this(ceiling, silence, LONG_FLOW_PACKETS);
  }

  /** Starts at the base size, and takes a flow of so many full packets for a long one. */
  MtuDiscovery(IntSupplier ceiling, LongPredicate silence, int longFlowPackets) {
    this.ceiling = ceiling;
    this.silence = silence;
    this.longFlowPackets = longFlowPackets;
  }

  /** Another path: falls back to the base and searches again. */
  public void restart() {
    changed |= currentBytes != BASE_BYTES;
    currentBytes = BASE_BYTES;
    started = false;
    raiseNanos = NEVER;
    largeLostInARow = 0;
    newestLargeAcknowledged = largeSent; // what is still under way says nothing new
    probeNote--; // be it a probe (RFC 9000 §14.4)
    giveUpProbe();
  }

  private void giveUpProbe() {
    probeBytes = 0;
    due = false;
    retryNanos = NEVER;
  }

  /** The largest datagram known to pass. */
  public int currentBytes() {
    return currentBytes;
  }

  /** Whether a search has ended, and none goes on. */
  public boolean isSettled() {
    return started && probeBytes == 0;
  }

  /** Whether {@link #currentBytes} changed since the last call. */
  public boolean pollChanged() {
    boolean is = changed;
    changed = false;
    return is;
  }

  /** A packet of the largest size left: larger ones would be of use. */
  public void onFullPacket(long nowNanos) {
    boolean provesLong = fullPackets < longFlowPackets && ++fullPackets == longFlowPackets;
    if (started && nowNanos < raiseNanos && !provesLong) {
      return;
    }
    started = true;
    raiseNanos = NEVER;
    int most = fullPackets < longFlowPackets ? LIKELY_BYTES : Integer.MAX_VALUE;
    ceilingBytes = Math.max(BASE_BYTES, Math.min(most, ceiling.getAsInt()));
    ceilingTried = false;
    failedBytes = ceilingBytes + 1;
    next(nowNanos);
  }

  /** Chooses the next size to try, or ends the search. */
  private void next(long nowNanos) {
    giveUpProbe();
    int size = nextSize();
    if (size == 0) {
      raiseNanos = nowNanos + RAISE_NANOS;
      return;
    }
    ceilingTried |= size == ceilingBytes;
    probeBytes = size;
    attempts = 0;
    due = true;
  }

  private int nextSize() {
    if (!ceilingTried && ceilingBytes > currentBytes) {
      return ceilingBytes;
    }
    if (isOpen(LIKELY_BYTES)) {
      return LIKELY_BYTES;
    }
    int open = 0;
    for (int size : COMMON_BYTES) {
      open += isOpen(size) ? 1 : 0;
    }
    int middle = open / 2;
    for (int size : COMMON_BYTES) {
      if (isOpen(size) && middle-- == 0) {
        return size;
      }
    }
    // Who has found a common size has most likely found the path's.
    int worth = isCommon(currentBytes) ? currentBytes / 4 : RESOLUTION_BYTES;
    return failedBytes - currentBytes > worth && failedBytes <= ceilingBytes
        ? (failedBytes + currentBytes) / 2
        : 0;
  }

  private static boolean isCommon(int size) {
    for (int common : COMMON_BYTES) {
      if (size == common) {
        return true;
      }
    }
    return false;
  }

  private boolean isOpen(int size) {
    return size > currentBytes && size < failedBytes;
  }

  /** Size of the probe that is to leave now, 0 if none. */
  public int probeDueBytes() {
    return due ? probeBytes : 0;
  }

  /** Writes the probe's frames: they fill the packet. */
  public void writeProbe(PacketBuilder out, int frameBytes, long probeTimeoutNanos, long nowNanos) {
    if (out.frames().ping() && out.frames().padding(frameBytes - 1)) {
      out.carriesQuietly(probeBytes, probeNote);
    }
    due = false;
    attempts++;
    attemptNumber = out.number();
    attemptNanos = 2 * probeTimeoutNanos;
    retryNanos = nowNanos + attemptNanos;
  }

  /** Notes a packet that is larger than every path carries. */
  public void noteLarge(PacketBuilder out, int bytes) {
    if (bytes > BASE_BYTES && bytes <= currentBytes) {
      out.carriesQuietly(bytes, largeSent++);
    }
  }

  @Override
  public boolean hasFrames(long nowNanos) {
    return false; // a probe is a packet of its own
  }

  @Override
  public void writeFrames(PacketBuilder out, long nowNanos) {}

  @Override
  public void onAcknowledged(long first, long second, long nowNanos) {
    if (second > PROBE) {
      newestLargeAcknowledged = Math.max(newestLargeAcknowledged, second);
      largeLostInARow = 0;
      return;
    }
    int size = (int) first;
    boolean ofThisPath = second == probeNote;
    if (ofThisPath && size > currentBytes && size <= ceilingBytes) {
      currentBytes = size;
      changed = true;
      if (failedBytes <= size) {
        failedBytes = ceilingBytes + 1; // what was tried too early
      }
      if (probeBytes <= size) { // else a larger one is being tried; or none, where it came late
        next(nowNanos);
      }
    }
  }

  @Override
  public void onLost(long first, long second, long nowNanos) {
    if (second > PROBE
        && second > newestLargeAcknowledged
        && first <= currentBytes
        && ++largeLostInARow >= BLACK_HOLE_PACKETS) {
      restart();
    }
  }

  @Override
  public void onProbe(long first, long second, long nowNanos) {}

  @Override
  public long deadlineNanos() {
    return retryNanos;
  }

  @Override
  public void onTimeout(long nowNanos) {
    if (nowNanos < retryNanos) {
      return;
    }
    if (silence.test(attemptNumber)) {
      retryNanos = nowNanos + attemptNanos; // the path carries nothing at all now
      return;
    }
    retryNanos = NEVER;
    if (attempts < MAX_PROBES) {
      due = true;
    } else {
      failedBytes = Math.min(failedBytes, probeBytes);
      next(nowNanos);
    }
  }
}
