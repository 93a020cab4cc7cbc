package io.posthorn.protocol;

import io.posthorn.ChannelPriorities;
import io.posthorn.wire.WireLimits;
import java.util.Arrays;

/**
 * Whose messages go into a packet: the channels of the highest level that has something, and among
 * these whoever has sent least for its weight (stride scheduling). The ordered, unordered and
 * unreliable messages of one channel count as three flows, so that none starves another.
 */
final class ChannelScheduler {
  private static final int CHANNELS = WireLimits.MAX_CHANNELS;

  /** Bytes count so many times, over the weight: no weight makes them count nothing. */
  private static final long SCALE = ChannelPriorities.LARGEST_WEIGHT;

  private static final long[] NOTHING = {};

  private final ChannelSource[] sources;
  private final byte[] indexes;
  private final ChannelPriorities priorities;

  /** The channels of each level that is in use, the highest first. */
  private final long[] levels;

  /** What each flow has sent, scaled; where the one stands that has sent least, by level. */
  private final long[][] served;

  private final long[] virtualTime;
  private final long[] sendable;

  /**
   * Makes one.
   *
   * @param all of which those that are {@link ChannelSource}s are served
   */
  ChannelScheduler(FrameSource[] all, ChannelPriorities priorities) {
    int count = 0;
    for (FrameSource source : all) {
      count += source instanceof ChannelSource ? 1 : 0;
    }
    this.priorities = priorities;
    sources = new ChannelSource[count];
    indexes = new byte[count];
    served = new long[count][];
    Arrays.fill(served, NOTHING);
    sendable = new long[count];
    for (int i = 0, at = 0; i < all.length; i++) {
      if (all[i] instanceof ChannelSource source) {
        sources[at] = source;
        indexes[at++] = (byte) i;
      }
    }
    levels = levels(priorities);
    virtualTime = new long[levels.length];
  }

  private static long[] levels(ChannelPriorities priorities) {
    long[] byLevel = new long[ChannelPriorities.HIGHEST_LEVEL + 1];
    for (int channel = 0; channel < CHANNELS; channel++) {
      byLevel[priorities.level(channel)] |= 1L << channel;
    }
    int used = 0;
    for (long mask : byLevel) {
      used += mask != 0 ? 1 : 0;
    }
    long[] descending = new long[used];
    int at = used;
    for (long mask : byLevel) {
      if (mask != 0) {
        descending[--at] = mask;
      }
    }
    return descending;
  }

  /** Fills the packet. */
  void write(PacketBuilder out, long nowNanos) {
    for (int i = 0; i < sources.length; i++) {
      sendable[i] = sources[i].sendableChannels(nowNanos);
    }
    for (int level = 0; level < levels.length; level++) {
      int flow = next(level);
      if (flow >= 0) {
        // Not by whoever comes later in a packet: those that do not fit into the rest wait before.
        virtualTime[level] = Math.max(virtualTime[level], served(flow));
      }
      while (flow >= 0 && out.frames().remaining() > 0) {
        serve(flow, level, out, nowNanos);
        flow = next(level);
      }
    }
  }

  /** The flow of this level whose turn it is; -1 if none has anything. */
  private int next(int level) {
    int best = -1;
    for (int i = 0; i < sources.length; i++) {
      for (long left = sendable[i] & levels[level]; left != 0; left &= left - 1) {
        int flow = i * CHANNELS + Long.numberOfTrailingZeros(left);
        if (best < 0 || served(flow) < served(best)) {
          best = flow;
        }
      }
    }
    return best;
  }

  private long served(int flow) {
    long[] of = served[flow / CHANNELS];
    int channel = flow % CHANNELS;
    return channel < of.length ? of[channel] : 0;
  }

  private void serve(int flow, int level, PacketBuilder out, long nowNanos) {
    int i = flow / CHANNELS;
    int channel = flow % CHANNELS;
    sendable[i] &= ~(1L << channel);
    int before = out.frames().written();
    out.source(indexes[i]);
    sources[i].writeChannel(channel, out, nowNanos);
    int written = out.frames().written() - before;
    if (written == 0) {
      return; // a whole message that does not fit has used nothing
    }
    // Whoever had nothing for a while gets no credit for it.
    long start = Math.max(served(flow), virtualTime[level]);
    if (channel >= served[i].length) { // most connections use few channels
      served[i] = Arrays.copyOf(served[i], channel + 1);
    }
    served[i][channel] = start + written * SCALE / priorities.weight(channel);
  }
}
