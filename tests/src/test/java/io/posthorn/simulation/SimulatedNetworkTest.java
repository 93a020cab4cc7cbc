package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.simulation.LinkConditions.Rebinding;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SimulatedNetworkTest {
  private static final InetSocketAddress CLIENT = new InetSocketAddress("10.0.0.1", 1_000);
  private static final InetSocketAddress SERVER = new InetSocketAddress("10.0.0.2", 9_000);
  private static final InetSocketAddress OTHER = new InetSocketAddress("10.0.0.3", 1_000);

  /** Sends what a test tells it to, and notes what arrives. */
  private static final class Recorder implements SimulatedHost {
    private record Outgoing(byte content, int length, InetSocketAddress to) {}

    private final Queue<Outgoing> outgoing = new ArrayDeque<>();
    final List<String> arrived = new ArrayList<>();

    void send(int content, int length, InetSocketAddress to) {
      outgoing.add(new Outgoing((byte) content, length, to));
    }

    @Override
    public void onDatagram(ByteBuffer datagram, InetSocketAddress from, long nowNanos) {
      String first = datagram.hasRemaining() ? String.valueOf(datagram.get(0)) : "empty";
      arrived.add(nowNanos / 1_000_000 + " " + first + " " + from.getPort());
    }

    @Override
    public void onTimeout(long nowNanos) {
      throw new AssertionError("no deadline was named");
    }

    @Override
    public long nextTimeoutNanos() {
      return Long.MAX_VALUE;
    }

    @Override
    public void pollTransmit(BiConsumer<ByteBuffer, InetSocketAddress> out, long nowNanos) {
      while (!outgoing.isEmpty()) {
        Outgoing next = outgoing.remove();
        ByteBuffer datagram = ByteBuffer.allocate(next.length);
        if (next.length > 0) {
          datagram.put(0, next.content);
        }
        out.accept(datagram, next.to);
      }
    }
  }

  private final Recorder client = new Recorder();
  private final Recorder server = new Recorder();

  private SimulatedNetwork network(String conditions) {
    return SimulatedNetwork.seeded(1)
        .link(LinkConditions.parse(conditions))
        .attach(CLIENT, client)
        .attach(SERVER, server);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "none",
        "@wifi",
        "@lte",
        "@train",
        "@satellite",
        "@transatlantic",
        "@lossy",
        "delay 20ms loss 40% duplicate 20% 1s corrupt 10% reorder 30%",
        "delay 20ms rebind 1s address loss 10%"
      })
  void aUsersOwnProtocolRunsInIt(String conditions) {
    StopAndWait sender = new StopAndWait(SERVER, 300);
    StopAndWait receiver = new StopAndWait(null, 0);
    SimulatedNetwork network =
        SimulatedNetwork.seeded(3)
            .link(LinkConditions.parse(conditions))
            .attach(CLIENT, sender)
            .attach(SERVER, receiver);
    assertTrue(network.runUntil(sender::isDone, Duration.ofMinutes(30)));
    assertEquals(IntStream.range(0, 300).boxed().toList(), receiver.received);
  }

  @Test
  void oneSeedGivesOneTraceByteForByte() {
    assertArrayEquals(traceOf(5), traceOf(5));
    assertNotEquals(text(traceOf(5)), text(traceOf(6)));
  }

  private static byte[] traceOf(long seed) {
    SimulatedNetwork network =
        SimulatedNetwork.seeded(seed)
            .link(LinkConditions.parse("@lossy rebind 2s rate 1mbit queue 20"))
            .recordTrace();
    for (int i = 0; i < 5; i++) {
      network.attach(new InetSocketAddress("10.0.1." + i, 1_000), new StopAndWait(SERVER, 20));
    }
    network.attach(SERVER, new StopAndWait(null, 0));
    network.at(
        Duration.ofSeconds(1), () -> network.link(LinkConditions.parse("delay 10ms loss 30%")));
    network.run(Duration.ofSeconds(20));
    return network.trace();
  }

  private static String text(byte[] trace) {
    return new String(trace, StandardCharsets.US_ASCII);
  }

  @Test
  void theTraceTellsEachEvent() {
    SimulatedNetwork network = network("delay 5ms duplicate 100%").recordTrace();
    client.send(7, 3, SERVER);
    network.run(Duration.ofSeconds(1));
    assertEquals(
        """
        0 10.0.0.1:1000 > 10.0.0.2:9000 #1 3 1494c713 passed+duplicated
        5000000 10.0.0.1:1000 > 10.0.0.2:9000 #1 3 1494c713 delivered
        5000000 10.0.0.1:1000 > 10.0.0.2:9000 #1 3 1494c713 delivered+copy
        """,
        text(network.trace()));
  }

  @Test
  void eachDirectionAndEachPairHasConditionsOfItsOwn() {
    Recorder other = new Recorder();
    SimulatedNetwork network = network("delay 10ms").attach(OTHER, other);
    network.link(CLIENT, SERVER, LinkConditions.parse("delay 30ms"));
    client.send(1, 1, SERVER);
    client.send(2, 1, OTHER);
    server.send(3, 1, CLIENT);
    network.run(Duration.ofMillis(50));
    assertEquals(List.of("30 1 1000"), server.arrived);
    assertEquals(List.of("10 2 1000"), other.arrived);
    assertEquals(List.of("10 3 9000"), client.arrived);
    network.link(LinkConditions.parse("delay 20ms")); // all but the one with its own
    client.send(4, 1, SERVER);
    client.send(5, 1, OTHER);
    network.run(Duration.ofMillis(50));
    assertEquals(List.of("30 1 1000", "80 4 1000"), server.arrived);
    assertEquals(List.of("10 2 1000", "70 5 1000"), other.arrived);
  }

  @Test
  void conditionsChangeAtTheirTime() {
    SimulatedNetwork network = network("delay 10ms");
    network.at(Duration.ofMillis(100), () -> network.link(LinkConditions.parse("loss 100%")));
    network.at(Duration.ofMillis(99), () -> client.send(1, 1, SERVER));
    network.at(Duration.ofMillis(100), () -> client.send(2, 1, SERVER));
    network.run(Duration.ofSeconds(1));
    assertEquals(List.of("109 1 1000"), server.arrived);
    assertEquals(1, network.counters().lost());
    assertEquals(1_000_000_000L, network.nowNanos());
    assertEquals(1_000_000_000L, network.clock().getAsLong());
  }

  @Test
  void atOneInstantActionsComeBeforeDeliveriesAndThoseBeforeDeadlines() {
    List<String> order = new ArrayList<>();
    SimulatedHost host =
        new SimulatedHost() {
          private long deadline = 10;

          @Override
          public void onDatagram(ByteBuffer datagram, InetSocketAddress from, long nowNanos) {
            order.add("datagram");
          }

          @Override
          public void onTimeout(long nowNanos) {
            order.add("timeout");
            deadline = Long.MAX_VALUE;
          }

          @Override
          public long nextTimeoutNanos() {
            return deadline;
          }

          @Override
          public void pollTransmit(BiConsumer<ByteBuffer, InetSocketAddress> out, long nowNanos) {}
        };
    SimulatedNetwork network = network("delay 10ns").attach(OTHER, host);
    client.send(1, 1, OTHER);
    network.at(10, () -> order.add("action"));
    network.run(Duration.ofNanos(100));
    assertEquals(List.of("action", "datagram", "timeout"), order);
  }

  /** Sends one datagram to each of its peers, with an ECN field, and notes that of what comes. */
  private static final class Marking extends TimelessHost {
    private final int mark;
    private final Queue<InetSocketAddress> peers = new ArrayDeque<>();
    private final List<Integer> arrived = new ArrayList<>();

    Marking(int mark, InetSocketAddress... peers) {
      this.mark = mark;
      this.peers.addAll(List.of(peers));
    }

    @Override
    public void onDatagram(ByteBuffer datagram, InetSocketAddress from, long nowNanos) {
      throw new AssertionError("the ECN field is known");
    }

    @Override
    public void onDatagram(ByteBuffer datagram, InetSocketAddress from, int ecn, long nowNanos) {
      arrived.add(ecn);
    }

    @Override
    public int transmitEcn() {
      return mark;
    }

    @Override
    public void pollTransmit(BiConsumer<ByteBuffer, InetSocketAddress> out, long nowNanos) {
      while (!peers.isEmpty()) {
        out.accept(ByteBuffer.allocate(1), peers.remove());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void aHostsEcnFieldIsTheTwoBitsOfTheHeader(int mark) {
    Marking receiver = new Marking(0);
    SimulatedNetwork network =
        SimulatedNetwork.seeded(1)
            .attach(CLIENT, new Marking(mark, SERVER))
            .attach(SERVER, receiver);
    network.run(Duration.ofMillis(1));
    assertEquals(List.of(mark), receiver.arrived);
    network.replace(CLIENT, new Marking(mark, SERVER)).link(LinkConditions.parse("ecn bleach"));
    network.run(Duration.ofMillis(1));
    assertEquals(List.of(mark, 0), receiver.arrived);
  }

  @Test
  void aCutIsOneWayUntilItIsMended() {
    SimulatedNetwork network = network("none").cut(CLIENT, SERVER);
    client.send(1, 1, SERVER);
    server.send(2, 1, CLIENT);
    network.run(Duration.ofMillis(1));
    network.mend(CLIENT, SERVER);
    client.send(3, 1, SERVER);
    network.run(Duration.ofMillis(1));
    assertEquals(List.of("1 3 1000"), server.arrived);
    assertEquals(List.of("0 2 9000"), client.arrived);
    assertEquals(1, network.counters(CLIENT, SERVER).outageDropped());
  }

  @Test
  void outagesCountFromWhenTheConditionsTookEffectHoweverLateADirectionIsUsed() {
    SimulatedNetwork network = network("outage 5ms 5ms every 10ms");
    client.send(1, 1, SERVER);
    network.run(Duration.ofMillis(6));
    assertEquals(1, server.arrived.size());
    server.send(2, 1, CLIENT);
    network.run(Duration.ofMillis(5));
    assertEquals(List.of(), client.arrived, "in the outage of both directions");
    server.send(3, 1, CLIENT);
    network.run(Duration.ofMillis(1));
    assertEquals(1, client.arrived.size());
  }

  @Test
  void aHostCrashesAndAnotherTakesItsPlace() {
    SimulatedNetwork network = network("delay 10ms");
    client.send(1, 1, SERVER);
    network.run(Duration.ofMillis(5));
    network.detach(SERVER);
    network.run(Duration.ofMillis(10));
    assertEquals(1, network.unreachable());
    client.send(2, 1, SERVER);
    network.run(Duration.ofMillis(5));
    Recorder restarted = new Recorder();
    network.replace(SERVER, restarted);
    restarted.send(3, 1, CLIENT);
    network.run(Duration.ofMillis(20));
    assertEquals(List.of(), server.arrived);
    assertEquals(List.of("25 2 1000"), restarted.arrived);
    assertEquals(List.of("30 3 9000"), client.arrived);
    assertThrows(IllegalStateException.class, () -> network.attach(SERVER, server));
  }

  @Test
  void rebindingMovesTheHostToANewAddressAndTheOldOneIsDead() {
    SimulatedNetwork network = network("delay 10ms");
    client.send(1, 1, SERVER);
    network.run(Duration.ofMillis(20));
    server.send(2, 1, CLIENT); // under way to the old mapping when it dies
    network.run(Duration.ofMillis(5));
    InetSocketAddress moved = network.rebind(CLIENT, Rebinding.PORT);
    network.run(Duration.ofMillis(20));
    assertEquals(List.of(), client.arrived);
    assertEquals(1, network.unreachable());
    assertEquals(CLIENT.getAddress(), moved.getAddress());
    assertNotEquals(CLIENT.getPort(), moved.getPort());
    assertEquals(moved, network.externalAddress(CLIENT));
    client.send(3, 1, SERVER);
    server.send(4, 1, moved);
    server.send(5, 1, CLIENT);
    network.run(Duration.ofMillis(20));
    assertEquals(List.of("10 1 1000", "55 3 " + moved.getPort()), server.arrived);
    assertEquals(List.of("55 4 9000"), client.arrived);
    InetSocketAddress elsewhere = network.rebind(CLIENT, Rebinding.ADDRESS);
    assertNotEquals(CLIENT.getAddress(), elsewhere.getAddress());
  }

  /** A NAT has so many ports and no more; nobody has one that was forgotten. */
  @ParameterizedTest
  @ValueSource(strings = {"PORT", "ADDRESS"})
  void aNatThatGaveOutAllItsMappingsGivesThoseThatWereForgotten(String kind) {
    SimulatedNetwork network = network("delay 10ms").attach(OTHER, new Recorder());
    network.rebind(OTHER, Rebinding.valueOf(kind));
    InetSocketAddress others = network.externalAddress(OTHER);
    Set<InetSocketAddress> given = new HashSet<>();
    assertTimeoutPreemptively(
        Duration.ofMinutes(1),
        () -> {
          for (int i = 0; i < 70_000; i++) {
            given.add(network.rebind(CLIENT, Rebinding.valueOf(kind)));
          }
        });
    assertFalse(given.contains(others), "it is another's");
    assertFalse(given.contains(CLIENT));
    assertEquals(kind.equals("PORT") ? 16_384 : 65_535, given.size());
    InetSocketAddress forgotten = network.externalAddress(CLIENT);
    server.send(1, 1, forgotten);
    network.run(Duration.ofMillis(5));
    do {
      network.rebind(CLIENT, Rebinding.valueOf(kind));
    } while (!network.externalAddress(CLIENT).equals(forgotten));
    network.run(Duration.ofMillis(5));
    assertEquals(List.of(), client.arrived, "it was under way when the mapping was forgotten");
    server.send(2, 1, forgotten);
    network.run(Duration.ofMillis(20));
    assertEquals(List.of("20 2 9000"), client.arrived);
  }

  @Test
  void socketsAreNotLimitedToOneForEachHost() {
    SimulatedNetwork network = SimulatedNetwork.seeded(1);
    Set<SocketAddress> given = new HashSet<>();
    assertTimeoutPreemptively(
        Duration.ofMinutes(1),
        () -> {
          for (int i = 0; i < 66_000; i++) {
            given.add(network.socket().getLocalSocketAddress());
          }
        });
    assertEquals(66_000, given.size());
  }

  @Test
  void conditionsRebindTheSideThatSpokeFirst() {
    StopAndWait sender = new StopAndWait(SERVER, 100);
    StopAndWait receiver = new StopAndWait(null, 0);
    SimulatedNetwork network =
        SimulatedNetwork.seeded(1)
            .link(LinkConditions.parse("delay 25ms rebind 1s address"))
            .attach(CLIENT, sender)
            .attach(SERVER, receiver);
    assertTrue(network.runUntil(sender::isDone, Duration.ofMinutes(5)));
    assertEquals(CLIENT, receiver.sources.get(0));
    assertTrue(receiver.sources.size() >= 5, receiver.sources::toString);
    assertEquals(SERVER, network.externalAddress(SERVER));
    assertTrue(network.unreachable() >= 4, "answers to mappings that were forgotten");
  }

  @Test
  void anInterceptorTampersWithSingleDatagrams() {
    SimulatedNetwork network =
        network("none")
            .intercept(
                (from, to, number, datagram) -> {
                  assertEquals(CLIENT, from);
                  assertEquals(SERVER, to);
                  if (number == 5) {
                    datagram.put(0, (byte) 55);
                  }
                  return switch ((int) number) {
                    case 2 -> Interception.DROP;
                    case 3 -> Interception.DUPLICATE;
                    case 4 -> Interception.delay(Duration.ofMillis(7));
                    case 6 -> Interception.CORRUPT;
                    default -> Interception.DELIVER;
                  };
                });
    for (int i = 1; i <= 6; i++) {
      client.send(i, 1, SERVER);
    }
    network.run(Duration.ofMillis(10));
    List<String> arrived = new ArrayList<>(server.arrived);
    String corrupted = arrived.remove(4);
    assertEquals(List.of("0 1 1000", "0 3 1000", "0 3 1000", "0 55 1000", "7 4 1000"), arrived);
    assertFalse(corrupted.contains(" 6 "));
    assertEquals(new LinkCounters(6, 1, 1, 1, 1, 0, 0, 0, 6, 6, 0), network.counters());
  }

  @Test
  void aHostSendsToItselfAndToNobody() {
    SimulatedNetwork network = network("delay 1ms");
    client.send(1, 0, CLIENT);
    client.send(2, 1, OTHER);
    network.run(Duration.ofMillis(2));
    assertEquals(List.of("1 empty 1000"), client.arrived);
    assertEquals(1, network.unreachable());
    InetSocketAddress unresolved = InetSocketAddress.createUnresolved("a.invalid", 1);
    assertThrows(IllegalArgumentException.class, () -> network.attach(unresolved, server));
  }

  @Test
  void aHostThatNeverMovesItsDeadlineIsNamed() {
    SimulatedHost stuck =
        new SimulatedHost() {
          @Override
          public void onDatagram(ByteBuffer datagram, InetSocketAddress from, long nowNanos) {}

          @Override
          public void onTimeout(long nowNanos) {}

          @Override
          public long nextTimeoutNanos() {
            return 5;
          }

          @Override
          public void pollTransmit(BiConsumer<ByteBuffer, InetSocketAddress> out, long nowNanos) {}
        };
    SimulatedNetwork network = network("none").attach(OTHER, stuck);
    String message =
        assertThrows(IllegalStateException.class, () -> network.run(Duration.ofSeconds(1)))
            .toString();
    assertTrue(message.contains("10.0.0.3:1000"), message);
  }

  /** Sends each datagram back, and one of its own to begin with if it has a peer. */
  private static final class Echo extends TimelessHost {
    private final Queue<InetSocketAddress> answers = new ArrayDeque<>();

    Echo(InetSocketAddress... first) {
      answers.addAll(List.of(first));
    }

    @Override
    public void onDatagram(ByteBuffer datagram, InetSocketAddress from, long nowNanos) {
      answers.add(from);
    }

    @Override
    public void pollTransmit(BiConsumer<ByteBuffer, InetSocketAddress> out, long nowNanos) {
      while (!answers.isEmpty()) {
        out.accept(ByteBuffer.allocate(1), answers.remove());
      }
    }
  }

  @Test
  void hostsThatAnswerEachOtherForEverAreStopped() {
    SimulatedNetwork network =
        SimulatedNetwork.seeded(1).attach(SERVER, new Echo()).attach(CLIENT, new Echo(SERVER));
    String message =
        assertThrows(IllegalStateException.class, () -> network.run(Duration.ofSeconds(1)))
            .toString();
    assertTrue(message.contains("without end"), message);
  }

  @Test
  void runUntilSaysWhetherItWasInTime() {
    SimulatedNetwork network = network("delay 10ms");
    client.send(1, 1, SERVER);
    assertFalse(network.runUntil(() -> !server.arrived.isEmpty(), Duration.ofMillis(9)));
    assertEquals(9_000_000, network.nowNanos());
    assertTrue(network.runUntil(() -> !server.arrived.isEmpty(), Duration.ofMillis(9)));
    assertEquals(10_000_000, network.nowNanos());
    assertFalse(network.step(), "nothing is left to happen");
  }

  @Test
  void twoHostsMeetTheFatesOfALinkWithTheSameSeed() {
    LinkConditions conditions = LinkConditions.parse("loss 30%");
    SimulatedNetwork network =
        SimulatedNetwork.seeded(99).link(conditions).attach(CLIENT, client).attach(SERVER, server);
    SimulatedLink<String> up = new SimulatedLink<>(conditions, 99, 0, 28, 0);
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      client.send(i, 1, SERVER);
      if (up.offer(ByteBuffer.allocate(1), "", 0) == DatagramFate.PASSED) {
        expected.add("0 " + i + " 1000");
      }
    }
    network.run(Duration.ofMillis(1));
    assertEquals(expected, server.arrived);
    assertTrue(expected.size() < 90);
  }
}
