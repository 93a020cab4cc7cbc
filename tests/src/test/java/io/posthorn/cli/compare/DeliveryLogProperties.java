package io.posthorn.cli.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class DeliveryLogProperties {
  @Property(tries = 300)
  void figuresAgreeWithAListOfArrivals(
      @ForAll @IntRange(min = 1, max = 60) int count,
      @ForAll @IntRange(max = 150) int arrivals,
      @ForAll long seed) {
    Random random = new Random(seed);
    MessageSchedule schedule = new MessageSchedule(count, 50);
    DeliveryLog log = new DeliveryLog(schedule, 100);
    Map<Integer, Long> first = new HashMap<>();
    int duplicates = 0;
    int outOfOrder = 0;
    long now = 0;
    for (int at = 0; at < arrivals; at++) {
      now += random.nextInt(20_000_000);
      int index = random.nextInt(count);
      log.onArrived(index, now);
      if (first.containsKey(index)) {
        duplicates++;
      } else {
        int arrived = index;
        if (first.keySet().stream().anyMatch(earlier -> earlier > arrived)) {
          outOfOrder++;
        }
        first.put(index, now);
      }
    }
    List<Long> latencies = new ArrayList<>();
    for (int index = 0; index < count; index++) {
      Long arrived = first.get(index);
      latencies.add(
          arrived == null ? Long.MAX_VALUE : Math.max(0, arrived - schedule.dueNanos(index)));
    }
    Collections.sort(latencies);
    assertEquals(first.size(), log.delivered());
    assertEquals(count - first.size(), log.lost());
    assertEquals(duplicates, log.duplicated());
    assertEquals(outOfOrder, log.outOfOrder());
    for (int percent = 1; percent <= 100; percent++) {
      int rank = (percent * count + 99) / 100;
      assertEquals((long) latencies.get(rank - 1), log.percentileNanos(percent));
    }
    long limit = 150_000_000L;
    long within = latencies.stream().filter(latency -> latency <= limit).count();
    assertEquals((double) within / count, log.shareWithin(limit));
  }

  @Property(tries = 200)
  void percentilesNeverFall(@ForAll @IntRange(min = 1, max = 50) int count, @ForAll long seed) {
    Random random = new Random(seed);
    DeliveryLog log = new DeliveryLog(MessageSchedule.allAtOnce(count), 1);
    for (int index = 0; index < count; index++) {
      if (random.nextBoolean()) {
        log.onArrived(index, random.nextInt(1_000));
      }
    }
    long before = 0;
    for (double percent = 0; percent <= 100; percent += 0.5) {
      long here = log.percentileNanos(percent);
      assertTrue(here >= before, "percentile " + percent);
      before = here;
    }
  }

  @Property(tries = 200)
  void scheduleNeverGoesBack(
      @ForAll @IntRange(min = 2, max = 2_000) int count,
      @ForAll @IntRange(min = 1, max = 2_000_000) int rate) {
    MessageSchedule schedule = new MessageSchedule(count, rate);
    for (int index = 1; index < count; index++) {
      assertTrue(schedule.dueNanos(index) >= schedule.dueNanos(index - 1));
      assertEquals(index * 1e9 / rate, (double) schedule.dueNanos(index), 0.6);
    }
  }
}
