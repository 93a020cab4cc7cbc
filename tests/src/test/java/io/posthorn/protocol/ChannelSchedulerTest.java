package io.posthorn.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.ChannelPriorities;
import io.posthorn.protocol.recovery.SentPackets;
import io.posthorn.wire.FrameWriter;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Assertions;

/** Whose messages go first: strictly by level, within a level by weight, and nobody starves. */
class ChannelSchedulerTest {
  /** Channels that always have more, and write as many pieces as fit or are said. */
  private static final class Endless implements ChannelSource {
    final long[] bytes = new long[64];
    long sendable;
    int most = Integer.MAX_VALUE;
    int piece = 1;

    @Override
    public long sendableChannels(long nowNanos) {
      return sendable;
    }

    @Override
    public void writeChannel(int channel, PacketBuilder out, long nowNanos) {
      int count = Math.min(most, out.frames().remaining()) / piece * piece;
      assertTrue(out.frames().padding(count));
      bytes[channel] += count;
    }

    @Override
    public boolean hasFrames(long nowNanos) {
      return sendable != 0;
    }

    @Override
    public void writeFrames(PacketBuilder out, long nowNanos) {}

    @Override
    public void onAcknowledged(long first, long second, long nowNanos) {}

    @Override
    public void onLost(long first, long second, long nowNanos) {}

    @Override
    public void onProbe(long first, long second, long nowNanos) {}

    @Override
    public long deadlineNanos() {
      return Long.MAX_VALUE;
    }

    @Override
    public void onTimeout(long nowNanos) {}
  }

  private final Endless ordered = new Endless();
  private final Endless unordered = new Endless();
  private final PacketBuilder builder = new PacketBuilder(new FrameWriter(), new SentPackets());

  private ChannelScheduler scheduler(ChannelPriorities priorities) {
    return new ChannelScheduler(new FrameSource[] {new Pings(), ordered, unordered}, priorities);
  }

  private void fill(ChannelScheduler scheduler, int packets) {
    for (int i = 0; i < packets; i++) {
      builder.begin(new byte[1000], 0, 1000);
      scheduler.write(builder, 0);
    }
  }

  @Example
  void channelsOfOneLevelTakeTurns() {
    ordered.sendable = 1L << 5 | 1 | 1L << 63;
    ChannelScheduler scheduler = scheduler(ChannelPriorities.EQUAL);
    for (int round = 1; round <= 4; round++) {
      fill(scheduler, 3);
      assertEquals(round * 1000L, ordered.bytes[0]);
      assertEquals(round * 1000L, ordered.bytes[5]);
      assertEquals(round * 1000L, ordered.bytes[63]);
    }
  }

  @Example
  void theKindsOfOneChannelTakeTurnsToo() {
    ordered.sendable = 1;
    unordered.sendable = 1;
    fill(scheduler(ChannelPriorities.EQUAL), 10);
    assertEquals(5000, ordered.bytes[0]);
    assertEquals(5000, unordered.bytes[0]);
  }

  @Example
  void allThatIsSmallSharesAPacket() {
    ordered.sendable = -1;
    ordered.most = 10;
    fill(scheduler(ChannelPriorities.EQUAL), 1);
    for (long each : ordered.bytes) {
      assertEquals(10, each);
    }
  }

  /**
   * Whoever has least for its weight is served, so no channel is ever more than one packet ahead of
   * that: with weight w of W in all it has at most one packet's (1 - w/W) more than its share, and
   * at least each other channel's packet times w/W less. Weighted bytes are kept in whole numbers,
   * which is worth a byte a packet at most.
   */
  @Property(tries = 100)
  void bytesAreSharedByWeight(
      @ForAll long seed, @ForAll @IntRange(min = 2, max = 10) int channels) {
    assertShared(seed, channels, 1000, 1);
  }

  /** Messages that are not cut, of which one fits, take nothing from those that wait. */
  @Property(tries = 100)
  void wholeMessagesAreSharedByWeight(
      @ForAll long seed, @ForAll @IntRange(min = 2, max = 10) int channels) {
    assertShared(seed, channels, 700, 700);
  }

  private void assertShared(long seed, int channels, int packetBytes, int piece) {
    Arrays.fill(ordered.bytes, 0); // one object for all tries
    ordered.sendable = 0;
    ordered.piece = piece;
    SplittableRandom random = new SplittableRandom(seed);
    ChannelPriorities priorities = ChannelPriorities.EQUAL;
    int sum = 0;
    int[] weights = new int[channels];
    for (int channel = 0; channel < channels; channel++) {
      weights[channel] = 1 + random.nextInt(20);
      sum += weights[channel];
      priorities = priorities.weight(channel, weights[channel]);
      ordered.sendable |= 1L << channel;
    }
    int packets = 100 * channels;
    fill(scheduler(priorities), packets);
    for (int channel = 0; channel < channels; channel++) {
      double part = (double) weights[channel] / sum;
      double ahead = ordered.bytes[channel] - (double) packetBytes * packets * part;
      assertTrue(ahead <= packetBytes * (1 - part) + packets, ahead + " of channel " + channel);
      double behind = packetBytes * (channels - 1) * part + packets;
      assertTrue(ahead >= -behind, ahead + " of channel " + channel);
    }
  }

  /** What is small goes into the room that is left, at the cost of the small ones alone. */
  @Example
  void whoFillsTheRestOfAPacketTakesNothingFromThoseThatDoNotFit() {
    Arrays.fill(ordered.bytes, 0);
    ordered.sendable = 0b11;
    ordered.piece = 700;
    unordered.sendable = 0b100;
    unordered.most = 300;
    fill(scheduler(ChannelPriorities.EQUAL), 300);
    assertEquals((double) ordered.bytes[0], (double) ordered.bytes[1], 700);
    assertTrue(unordered.bytes[2] <= ordered.bytes[0] + 700, unordered.bytes[2] + " bytes");
    assertTrue(ordered.bytes[0] >= 300 * 700 * 2 / 5, ordered.bytes[0] + " bytes");
  }

  @Example
  void aHigherLevelGoesFirstAndALowerOneGetsWhatIsLeft() {
    ordered.sendable = 0b11;
    ChannelScheduler scheduler = scheduler(ChannelPriorities.EQUAL.level(1, 3));
    fill(scheduler, 10);
    assertEquals(0, ordered.bytes[0]);
    ordered.most = 400;
    fill(scheduler, 10);
    assertEquals(4000, ordered.bytes[0]);
    assertEquals(10_000 + 4000, ordered.bytes[1]);
    ordered.sendable = 1;
    ordered.most = 1000;
    fill(scheduler, 1);
    assertEquals(5000, ordered.bytes[0]);
  }

  /** Having had nothing to say is no claim to more than one's share later. */
  @Example
  void whoWasSilentForLongDoesNotTakeAll() {
    ordered.sendable = 1;
    ChannelScheduler scheduler = scheduler(ChannelPriorities.EQUAL);
    fill(scheduler, 1000);
    ordered.sendable = 0b11;
    fill(scheduler, 10);
    assertTrue(ordered.bytes[1] <= 6000, ordered.bytes[1] + " bytes");
    assertTrue(ordered.bytes[1] >= 4000, ordered.bytes[1] + " bytes");
  }

  @Example
  void prioritiesAreChecked() {
    ChannelPriorities equal = ChannelPriorities.EQUAL;
    Assertions.assertThrows(IllegalArgumentException.class, () -> equal.level(64, 0));
    Assertions.assertThrows(IllegalArgumentException.class, () -> equal.level(0, 8));
    Assertions.assertThrows(IllegalArgumentException.class, () -> equal.weight(0, 0));
    Assertions.assertThrows(IllegalArgumentException.class, () -> equal.weight(-1, 1));
    assertEquals("ChannelPriorities[3: level 2, weight 5]", equal.level(3, 2).weight(3, 5) + "");
    assertEquals(equal, equal.level(3, 2).level(3, 0));
  }
}
