package io.posthorn.protocol.channel;

import io.posthorn.wire.WireLimits;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Arrays with one place a channel, as long as the channels in use ask for: most use one. */
final class ByChannel {
  /** Before a channel is used. */
  static final long[] NONE = {};

  private ByChannel() {}

  /** The array, or a longer one that has a place for this channel. */
  static <T> @Nullable T[] withPlace(@Nullable T[] array, int channel) {
    return channel < array.length ? array : Arrays.copyOf(array, length(array.length, channel));
  }

  /** The array, or a longer one that has a place for this channel; new places are filled. */
  static long[] withPlace(long[] array, int channel, long filler) {
    if (channel < array.length) {
      return array;
    }
    long[] longer = Arrays.copyOf(array, length(array.length, channel));
    Arrays.fill(longer, array.length, longer.length, filler);
    return longer;
  }

  private static int length(int before, int channel) {
    return Math.min(WireLimits.MAX_CHANNELS, Math.max(2 * before, channel + 1));
  }
}
