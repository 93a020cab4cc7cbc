package io.posthorn;

import java.util.Arrays;

/**
 * Which channels go first when there is more to send than may leave: strictly by level, and among
 * those of one level in proportion to their weights. Immutable. A matter of the sender alone, for
 * all deliveries; the peer may set its own.
 *
 * <pre>{@code
 * ChannelPriorities.EQUAL.level(0, 7)      // channel 0 before all others
 *     .weight(1, 3)                        // and of the rest three parts for channel 1
 *     .weight(2, 1);                       // where channel 2 gets one
 * }</pre>
 */
public final class ChannelPriorities {
  /** Channels that there are. */
  private static final int CHANNELS = 64;

  /** The highest level. */
  public static final int HIGHEST_LEVEL = 7;

  /** The largest weight. */
  public static final int LARGEST_WEIGHT = 1_000;

  /** All channels at level 0 with weight 1: they take turns. */
  public static final ChannelPriorities EQUAL = new ChannelPriorities();

  private final int[] levels;
  private final int[] weights;

  private ChannelPriorities() {
    levels = new int[CHANNELS];
    weights = new int[CHANNELS];
    Arrays.fill(weights, 1);
  }

  private ChannelPriorities(ChannelPriorities other) {
    levels = other.levels.clone();
    weights = other.weights.clone();
  }

  /**
   * The same with another level for one channel: as long as it has something to send that credit
   * allows, nothing of a lower level leaves.
   *
   * @param channel 0 to 63
   * @param level 0, the usual one, to 7
   */
  public ChannelPriorities level(int channel, int level) {
    checkChannel(channel);
    if (level < 0 || level > HIGHEST_LEVEL) {
      throw new IllegalArgumentException("level " + level + ": expected 0 to " + HIGHEST_LEVEL);
    }
    ChannelPriorities changed = new ChannelPriorities(this);
    changed.levels[channel] = level;
    return changed;
  }

  /**
   * The same with another weight for one channel: among channels of one level that all have more to
   * send, the bytes that leave are shared so. A channel's ordered, unordered and unreliable
   * messages take turns, each with this weight.
   *
   * @param channel 0 to 63
   * @param weight 1, the usual one, to 1,000
   */
  public ChannelPriorities weight(int channel, int weight) {
    checkChannel(channel);
    if (weight < 1 || weight > LARGEST_WEIGHT) {
      throw new IllegalArgumentException("weight " + weight + ": expected 1 to " + LARGEST_WEIGHT);
    }
    ChannelPriorities changed = new ChannelPriorities(this);
    changed.weights[channel] = weight;
    return changed;
  }

  /** Refuses a number that names none of the channels. */
  static void checkChannel(int channel) {
    if (channel < 0 || channel >= CHANNELS) {
      throw new IllegalArgumentException("channel " + channel + ": expected 0 to 63");
    }
  }

  /** The level of a channel. */
  public int level(int channel) {
    return levels[channel];
  }

  /** The weight of a channel. */
  public int weight(int channel) {
    return weights[channel];
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ChannelPriorities that
        && Arrays.equals(levels, that.levels)
        && Arrays.equals(weights, that.weights);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(levels) + Arrays.hashCode(weights);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("ChannelPriorities[");
    for (int channel = 0; channel < CHANNELS; channel++) {
      if (levels[channel] != 0 || weights[channel] != 1) {
        text.append(text.charAt(text.length() - 1) == '[' ? "" : ", ")
            .append(channel)
            .append(": level ")
            .append(levels[channel])
            .append(", weight ")
            .append(weights[channel]);
      }
    }
    return text.append(']').toString();
  }
}
