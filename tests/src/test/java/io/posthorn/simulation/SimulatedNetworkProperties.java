package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.EcnMark;
import io.posthorn.simulation.Hardness.Fault;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;

class SimulatedNetworkProperties {
  private static final InetSocketAddress CLIENT = new InetSocketAddress("10.0.0.1", 1_000);
  private static final InetSocketAddress SERVER = new InetSocketAddress("10.0.0.2", 9_000);

  private static final List<EcnMark> MARKS =
      List.of(EcnMark.NOT_ECT, EcnMark.ECT_0, EcnMark.ECT_1, EcnMark.CE);

  private static final Hardness LINKS =
      new Hardness()
          .atLeast(30, Fault.LOST)
          .atLeast(4, Fault.REORDERED)
          .atLeast(8, Fault.OUTAGE)
          .atLeast(30, Fault.DUPLICATED)
          .atLeast(30, Fault.CORRUPTED)
          .atLeast(3, Fault.QUEUE_FULL)
          .atLeast(15, Fault.TOO_LARGE)
          .atLeast(3, Fault.MARKED);

  @AfterContainer
  static void theLinksWereBadInEachWay() {
    LINKS.check();
  }

  @Property(tries = 100)
  void equalSeedsGiveEqualTraces(@ForAll long seed) {
    assertArrayEquals(run(seed).trace(), run(seed).trace());
  }

  private static SimulatedNetwork run(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    SimulatedNetwork network =
        SimulatedNetwork.seeded(seed)
            .link(LinkConditionsProperties.random(random))
            .attach(CLIENT, new StopAndWait(SERVER, 50))
            .attach(SERVER, new StopAndWait(null, 0))
            .recordTrace();
    LinkConditions later = LinkConditionsProperties.random(random);
    network.at(Duration.ofSeconds(5), () -> network.link(later));
    network.run(Duration.ofSeconds(30));
    return network;
  }

  /** Nothing appears from nowhere and nothing is forgotten, whatever the conditions. */
  @Property(tries = 1_000)
  void everyDatagramIsAccountedFor(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    SimulatedLink<String> link =
        new SimulatedLink<>(LinkConditionsProperties.random(random), seed, 0, 28, 0);
    long now = 0;
    for (int i = 0; i < 200; i++) {
      now += random.nextLong(20_000_000);
      EcnMark mark = MARKS.get(random.nextInt(MARKS.size()));
      link.offer(ByteBuffer.allocate(random.nextInt(2_000)), "", mark, now);
      if (random.nextInt(3) == 0) {
        while (link.poll(now) != null) {
          assertTrue(link.polledNumber() <= i + 1);
        }
      }
    }
    LinkCounters counters = link.counters();
    assertEquals(200, counters.offered());
    long passed =
        counters.offered()
            - counters.lost()
            - counters.outageDropped()
            - counters.mtuDropped()
            - counters.queueDropped();
    assertEquals(passed + counters.duplicated(), counters.delivered() + link.held());
    long last = 0;
    while (link.held() > 0) {
      assertTrue(link.nextDeliveryNanos() >= last, "earliest first");
      last = link.nextDeliveryNanos();
      link.poll(last);
    }
    assertEquals(passed + counters.duplicated(), link.counters().delivered());
    LINKS.add(link.counters());
  }

  /** The protocol in it keeps its promise wherever the link lets anything through. */
  @Property(tries = 100)
  void stopAndWaitDeliversOnceAndInOrder(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    LinkConditions conditions =
        LinkConditions.NONE
            .withDelay(Duration.ofMillis(random.nextLong(90)))
            .withLoss(random.nextDouble(0.6))
            .withReorder(random.nextDouble(), Duration.ofMillis(random.nextLong(1, 2_000)), 1)
            .withDuplicate(random.nextDouble(), Duration.ofMillis(random.nextLong(5_000)))
            .withCorrupt(random.nextDouble(0.3));
    StopAndWait sender = new StopAndWait(SERVER, 30);
    StopAndWait receiver = new StopAndWait(null, 0);
    SimulatedNetwork network =
        SimulatedNetwork.seeded(seed)
            .link(conditions)
            .attach(CLIENT, sender)
            .attach(SERVER, receiver);
    assertTrue(
        network.runUntil(sender::isDone, Duration.ofHours(1)), () -> seed + " " + conditions);
    assertEquals(IntStream.range(0, 30).boxed().toList(), receiver.received);
  }

  @Property(tries = 300)
  void theHeapNamesTheEarliestDeadline(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    DeadlineHeap heap = new DeadlineHeap();
    int count = random.nextInt(1, 60);
    long[] deadlines = new long[count];
    for (int id = 0; id < count; id++) {
      assertEquals(id, heap.add(count - id)); // later ids win ties
      deadlines[id] = DeadlineHeap.NEVER;
    }
    for (int i = 0; i < 500; i++) {
      int id = random.nextInt(count);
      deadlines[id] = random.nextInt(4) == 0 ? DeadlineHeap.NEVER : random.nextLong(50);
      heap.update(id, deadlines[id]);
      int first = count - 1;
      for (int other = count - 1; other >= 0; other--) {
        first = deadlines[other] < deadlines[first] ? other : first;
      }
      assertEquals(deadlines[first], heap.firstNanos());
      if (deadlines[first] != DeadlineHeap.NEVER) {
        assertEquals(first, heap.first());
      }
    }
  }
}
