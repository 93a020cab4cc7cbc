package io.posthorn.protocol.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.protocol.FrameSource;
import io.posthorn.protocol.congestion.NewReno;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Random sends, acknowledgements and timeouts against a plain reading of RFC 9002 §6. */
class PacketRecoveryProperties {
  private record Packet(long sentNanos, int bytes) {}

  private final NotedFrames frames = new NotedFrames();
  private final PacketRecovery recovery =
      new PacketRecovery(() -> new NewReno(1200), new FrameSource[] {frames});
  private final Map<Long, Packet> packets = new HashMap<>();
  private final TreeMap<Long, Packet> outstanding = new TreeMap<>();
  private final Set<Long> lost = new HashSet<>();
  private final Set<Long> skipped = new HashSet<>();
  private final TreeSet<Long> arrived = new TreeSet<>();
  private final Set<Long> returned = new HashSet<>();
  private final ReorderingThreshold reordering = new ReorderingThreshold();
  private long largestAcknowledged = -1;

  /** All tries are about one connection, and its time never runs back. */
  private long nowNanos = 1;

  @Property(tries = 100)
  void eachPacketIsSettledAsTheRulesSay(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 250) int steps) {
    SplittableRandom random = new SplittableRandom(seed);
    int lossPercent = random.nextInt(60);
    for (int i = 0; i < steps; i++) {
      nowNanos += random.nextInt(20_000_000);
      switch (random.nextInt(10)) {
        case 0, 1, 2 -> acknowledge(random, nowNanos);
        case 3 -> expire(nowNanos);
        case 4 -> {
          if (random.nextInt(10) == 0) {
            skipped.add(recovery.sent().next());
            recovery.sent().skip();
          }
        }
        default -> send(random, lossPercent, nowNanos);
      }
      long bytes = outstanding.values().stream().mapToLong(Packet::bytes).sum();
      assertEquals(bytes, recovery.sent().bytesInFlight());
      assertEquals(outstanding.size(), recovery.sent().outstanding());
      assertEquals(frames.lost.size(), lost.size(), "declared lost once");
      assertEquals(lost.size(), recovery.packetsLost());
      assertTrue(recovery.controller().windowBytes() >= 2400);
    }
    assertEquals(new HashSet<>(frames.lost), lost);
    Set<Long> told = new HashSet<>(frames.acknowledged);
    assertEquals(frames.acknowledged.size(), told.size(), "acknowledged once");
    long spurious = told.stream().filter(lost::contains).count();
    assertEquals(spurious, recovery.packetsSpuriouslyLost());
  }

  private void send(SplittableRandom random, int lossPercent, long now) {
    long number = recovery.sent().next();
    Packet packet = new Packet(now, 30 + random.nextInt(1170));
    recovery.sent().token((byte) 0, number, 0);
    recovery.onPacketSent(packet.bytes, true, random.nextBoolean(), false, now);
    packets.put(number, packet);
    outstanding.put(number, packet);
    if (random.nextInt(100) >= lossPercent) {
      arrived.add(number);
    }
  }

  /** The newest ranges of what arrived, or of a part of it: ACKs may be old. */
  private void acknowledge(SplittableRandom random, long now) {
    if (arrived.isEmpty()) {
      return;
    }
    long newest = random.nextInt(3) > 0 ? arrived.last() : arrived.ceiling(pick(random));
    List<long[]> ranges = new ArrayList<>();
    for (long number : arrived.headSet(newest, true).descendingSet()) {
      long[] range = ranges.isEmpty() ? null : ranges.get(ranges.size() - 1);
      if (range != null && range[0] == number + 1) {
        range[0] = number;
      } else if (ranges.size() < 64) {
        ranges.add(new long[] {number, number});
      }
    }
    long[] first = ranges.stream().mapToLong(range -> range[0]).toArray();
    long[] last = ranges.stream().mapToLong(range -> range[1]).toArray();
    for (long[] range : ranges) {
      for (long number = Math.max(range[0], recovery.sent().base()); number <= range[1]; number++) {
        if (lost.contains(number) && returned.add(number)) {
          reordering.onSpuriousLoss(largestAcknowledged - number, now, recovery.rtt());
        }
      }
    }
    assertNull(
        recovery.onAck(random.nextInt(30_000_000), first, last, first.length, 0, 0, -1, now));
    largestAcknowledged = Math.max(largestAcknowledged, newest);
    for (long[] range : ranges) {
      outstanding.subMap(range[0], true, range[1], true).clear();
    }
    detectLost(now);
    long lowest = first[first.length - 1];
    Set<Long> told = new HashSet<>(frames.acknowledged);
    assertTrue(arrived.containsAll(told));
    for (long number : arrived.subSet(lowest, true, newest, true)) {
      assertTrue(
          told.contains(number) || (lost.contains(number) && number < recovery.sent().base()));
    }
  }

  private long pick(SplittableRandom random) {
    return random.nextLong(arrived.last() + 1);
  }

  private void detectLost(long now) {
    long delay = reordering.lossDelayNanos(recovery.rtt());
    long newestSentNanos = -1;
    for (var each = outstanding.entrySet().iterator(); each.hasNext(); ) {
      var entry = each.next();
      long number = entry.getKey();
      boolean late = entry.getValue().sentNanos + delay <= now;
      if (number < largestAcknowledged
          && (number <= largestAcknowledged - reordering.packetThreshold() || late)) {
        each.remove();
        lost.add(number);
        newestSentNanos = Math.max(newestSentNanos, entry.getValue().sentNanos);
      }
    }
    if (newestSentNanos >= 0) {
      reordering.onLost(now, newestSentNanos);
    }
  }

  private void expire(long now) {
    long deadline = recovery.deadlineNanos(now);
    boolean byTime = !outstanding.isEmpty() && outstanding.firstKey() < largestAcknowledged;
    int probed = frames.probed.size();
    recovery.onTimeout(now);
    if (deadline > now) {
      assertEquals(probed, frames.probed.size(), "an early call does nothing");
      return;
    }
    if (byTime) {
      detectLost(now);
      return;
    }
    if (!recovery.probes().isDue() && recovery.deadlineNanos(now) > now) {
      return; // it waits for its turn among the probes of the socket
    }
    List<Long> oldest = new ArrayList<>();
    int bytes = 0;
    for (var entry : outstanding.entrySet()) {
      bytes += entry.getValue().bytes;
      if (oldest.size() >= 2 && (bytes > 2_200 || oldest.size() >= 64)) {
        break;
      }
      oldest.add(entry.getKey());
    }
    assertEquals(oldest, frames.probed.subList(probed, frames.probed.size()));
    assertTrue(recovery.probes().isDue());
  }
}
