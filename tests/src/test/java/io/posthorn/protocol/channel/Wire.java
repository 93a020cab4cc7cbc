package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.ChannelSource;
import io.posthorn.protocol.FrameSource;
import io.posthorn.protocol.PacketBuilder;
import io.posthorn.protocol.recovery.DeliveryRate;
import io.posthorn.protocol.recovery.SentPackets;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.FrameReader;
import io.posthorn.wire.FrameWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Two ends with all the channels of a connection, and a network between them that loses, reorders
 * and repeats packets, believes some lost that were not, and asks for probes. A packet holds the
 * frames of one source.
 */
final class Wire {
  /** A packet on its way, and what its source noted. */
  private static final class Packet {
    final ChannelEnd to;
    final FrameSource source;
    final byte[] frames;
    final long[] first;
    final long[] second;
    boolean accepted;
    boolean declaredLost;

    Packet(ChannelEnd to, FrameSource source, byte[] frames, long[] first, long[] second) {
      this.to = to;
      this.source = source;
      this.frames = frames;
      this.first = first;
      this.second = second;
    }
  }

  final ChannelEnd left;
  final ChannelEnd right;
  long nowNanos;

  private final SplittableRandom random;
  private final List<Packet> unsettled = new ArrayList<>();
  private final FrameReader reader = new FrameReader();
  private final SentPackets sent = new SentPackets();
  private final PacketBuilder builder = new PacketBuilder(new FrameWriter(), sent);
  private final DeliveryRate rate = new DeliveryRate();
  int lost;
  int reordered;
  int repeated;
  int repeatedUnasked;

  Wire(SplittableRandom random, ChannelEnd left, ChannelEnd right) {
    this.random = random;
    this.left = left;
    this.right = right;
    left.meets(right);
    right.meets(left);
  }

  /** A packet leaves, arrives, is acknowledged, is declared lost or probed for. */
  void step() {
    nowNanos += random.nextInt(1_000_000);
    int dice = random.nextInt(20);
    if (dice < 8 || unsettled.isEmpty()) {
      ChannelEnd from = random.nextBoolean() ? left : right;
      send(from, 40 + random.nextInt(1200));
      return;
    }
    int index = random.nextInt(Math.min(unsettled.size(), 1 + random.nextInt(20)));
    Packet packet = unsettled.get(index);
    if (dice < 13) {
      reordered += index > 0 ? 1 : 0;
      repeated += packet.accepted ? 1 : 0;
      deliver(packet);
    } else if (dice < 16 && packet.accepted) {
      acknowledge(packet);
    } else if (dice < 18 && !packet.declaredLost) {
      declareLost(packet);
    } else if (dice == 18) {
      for (int i = 0; i < packet.first.length; i++) {
        packet.source.onProbe(packet.first[i], packet.second[i], nowNanos);
      }
    } else if (packet.declaredLost && !packet.accepted) {
      unsettled.remove(packet); // truly lost
    }
  }

  /** Lets one packet of one source leave. False if there was nothing to say. */
  private boolean send(ChannelEnd from, int limit) {
    for (FrameSource each : from.sources) {
      if (each.deadlineNanos() <= nowNanos) {
        each.onTimeout(nowNanos);
      }
    }
    int at = random.nextInt(from.sources.length);
    for (int i = 0; i < from.sources.length; i++) {
      FrameSource source = from.sources[(at + i) % from.sources.length];
      if (source.hasFrames(nowNanos) && write(from, source, limit)) {
        return true;
      }
    }
    return false;
  }

  private boolean write(ChannelEnd from, FrameSource source, int limit) {
    byte[] out = new byte[limit + 3];
    builder.begin(out, 3, 3 + limit);
    builder.beginMessages();
    if (random.nextBoolean()) {
      builder.mayRepeat(1 + random.nextInt(4), random.nextInt(1500));
    }
    source.writeFrames(builder, nowNanos);
    if (source instanceof ChannelSource channels) {
      long left = channels.sendableChannels(nowNanos);
      while (left != 0) {
        int skip = random.nextInt(Long.bitCount(left));
        long rest = left;
        for (int i = 0; i < skip; i++) {
          rest &= rest - 1;
        }
        int channel = Long.numberOfTrailingZeros(rest);
        left &= ~(1L << channel);
        channels.writeChannel(channel, builder, nowNanos);
      }
    }
    if (builder.repeatableBytes() > 0) {
      int before = builder.frames().written();
      source.repeatFrames(builder);
      repeatedUnasked += builder.frames().written() > before ? 1 : 0;
    }
    int written = builder.frames().written();
    assertTrue(written <= limit);
    sent.commit(nowNanos, written, true, false, rate);
    long number = sent.next() - 1;
    int notes = (int) (sent.tokensTo(number) - sent.tokensFrom(number));
    assertEquals(written > 0, notes > 0, "each frame is noted");
    long[] first = new long[notes];
    long[] second = new long[notes];
    for (int i = 0; i < notes; i++) {
      first[i] = sent.tokenFirst(sent.tokensFrom(number) + i);
      second[i] = sent.tokenSecond(sent.tokensFrom(number) + i);
    }
    sent.acknowledge(number);
    sent.trim(nowNanos);
    if (written == 0) {
      return false;
    }
    unsettled.add(
        new Packet(from.peer(), source, Arrays.copyOfRange(out, 3, 3 + written), first, second));
    return true;
  }

  private void deliver(Packet packet) {
    packet.to.refused = false;
    CloseReason breach = reader.read(packet.frames, 0, packet.frames.length, packet.to);
    assertNull(breach);
    packet.accepted |= !packet.to.refused;
  }

  private void acknowledge(Packet packet) {
    unsettled.remove(packet);
    for (int i = 0; i < packet.first.length; i++) {
      packet.source.onAcknowledged(packet.first[i], packet.second[i], nowNanos);
    }
  }

  private void declareLost(Packet packet) {
    lost++;
    packet.declaredLost = true;
    for (int i = 0; i < packet.first.length; i++) {
      packet.source.onLost(packet.first[i], packet.second[i], nowNanos);
    }
  }

  /**
   * From now on nothing is lost, until nobody has anything to say or {@code each} wants nothing.
   */
  void settle(Runnable each) {
    for (int rounds = 0; ; rounds++) {
      assertTrue(rounds < 20_000, "the ends do not come to rest");
      nowNanos += 1_000_000;
      each.run();
      boolean any = send(left, 1200);
      any |= send(right, 1200);
      while (!unsettled.isEmpty()) {
        any = true;
        Packet packet = unsettled.get(0);
        deliver(packet);
        if (packet.accepted) {
          acknowledge(packet);
        } else {
          unsettled.remove(packet);
          declareLost(packet);
        }
      }
      if (!any) {
        each.run();
        if (!left.wantsToSend(nowNanos) && !right.wantsToSend(nowNanos)) {
          return;
        }
      }
    }
  }
}
