package io.posthorn.trace;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.ConnectionInfo;
import io.posthorn.Delivery;
import io.posthorn.DraftOptions;
import io.posthorn.Mode;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.EndpointTrace;
import io.posthorn.runtime.SimulatedEndpoint;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** qlog from the simulated network: whole conversations, repeatable to the byte. */
class QlogTest {
  private static QlogWriter writer(ByteArrayOutputStream out) {
    return new QlogWriter(
        (bytes, from, length) -> {
          out.write(bytes, from, length);
          return true;
        },
        "simulated",
        null);
  }

  /** What a client that sends over a bad network, and its server, have to tell. */
  private static List<byte[]> conversation(long seed, String conditions) {
    return conversation(seed, conditions, SocketOptions.defaults(Mode.RELIABLE));
  }

  private static List<byte[]> conversation(long seed, String conditions, SocketOptions options) {
    ByteArrayOutputStream ofClient = new ByteArrayOutputStream();
    ByteArrayOutputStream ofServer = new ByteArrayOutputStream();
    TracedPair pair =
        new TracedPair(
            seed,
            conditions,
            options,
            new EndpointTrace(writer(ofClient), null),
            new EndpointTrace(writer(ofServer), null));
    String body = "a secret of two people".repeat(50);
    for (int i = 0; i < 100; i++) {
      pair.send(i % 3, Delivery.RELIABLE_ORDERED, body);
    }
    pair.send(4, Delivery.RELIABLE_UNORDERED, body);
    pair.send(5, Delivery.RELIABLE_LATEST, body);
    pair.runUntilReceived(102);
    pair.close();
    return List.of(ofClient.toByteArray(), ofServer.toByteArray());
  }

  private static Set<Object> names(List<Map<String, Object>> events) {
    return events.stream().map(event -> event.get("name")).collect(Collectors.toSet());
  }

  @Test
  void aConversationHasTheShapeOfTheDraftsAndTellsAll() {
    List<byte[]> files = conversation(5, "delay 20ms 5ms loss 10% duplicate 5%");
    List<Map<String, Object>> client = QlogShape.check(files.get(0));
    List<Map<String, Object>> server = QlogShape.check(files.get(1));
    assertTrue(
        names(client)
            .containsAll(
                Set.of(
                    "connectivity:connection_started",
                    "connectivity:connection_state_updated",
                    "connectivity:connection_closed",
                    "transport:packet_sent",
                    "transport:packet_received",
                    "transport:packet_dropped",
                    "recovery:packet_lost",
                    "recovery:metrics_updated",
                    "recovery:congestion_state_updated")),
        names(client).toString());
    assertEquals(1, groups(client).size(), groups(client).toString());
    assertTrue(groups(server).stream().anyMatch("endpoint"::equals), "M1 came for no connection");
    assertEquals(2, groups(server).size());
    assertFalse(new String(files.get(0), StandardCharsets.US_ASCII).contains("secret of"));
  }

  private static Set<Object> groups(List<Map<String, Object>> events) {
    return events.stream().map(event -> event.get("group_id")).collect(Collectors.toSet());
  }

  @Test
  void whatOneSideSendsTheOtherReceivesUnlessItIsLost() {
    List<byte[]> files = conversation(6, "delay 20ms");
    List<Map<String, Object>> client = QlogShape.check(files.get(0));
    assertTrue(names(client).contains("connectivity:mtu_updated"));
    List<String> sent = data(client, "transport:packet_sent");
    List<String> received = data(QlogShape.check(files.get(1)), "transport:packet_received");
    assertTrue(sent.size() > 20);
    assertEquals(String.join("\n", sent), String.join("\n", received));
  }

  /** Frames in clear are not copied anywhere: they are read where they lie. */
  @Test
  void aClearConversationIsToldLikeASealedOne() {
    List<byte[]> files = conversation(6, "delay 20ms", DraftOptions.reliable(Security.none()));
    List<String> sent = data(QlogShape.check(files.get(0)), "transport:packet_sent");
    List<String> received = data(QlogShape.check(files.get(1)), "transport:packet_received");
    assertTrue(sent.toString().contains("frame_type=stream"), "frames are told");
    assertEquals(String.join("\n", sent), String.join("\n", received));
  }

  /** Each data packet: header, raw and frames. */
  private static List<String> data(List<Map<String, Object>> events, String name) {
    return events.stream()
        .filter(event -> name.equals(event.get("name")))
        .map(event -> event.get("data").toString())
        .filter(data -> data.contains("packet_type=1RTT"))
        .collect(Collectors.toList());
  }

  @Test
  void oneSeedGivesTheSameTraceByteForByte() {
    String conditions = "delay 30ms 20ms loss 5% reorder 5% duplicate 2% corrupt 1%";
    List<byte[]> first = conversation(7, conditions);
    List<byte[]> second = conversation(7, conditions);
    assertArrayEquals(first.get(0), second.get(0));
    assertArrayEquals(first.get(1), second.get(1));
    assertFalse(java.util.Arrays.equals(first.get(0), conversation(8, conditions).get(0)));
  }

  @Test
  void whatTheOutputDoesNotTakeIsCountedAndNoted() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    boolean[] full = {false};
    QlogWriter writer =
        new QlogWriter(
            (bytes, from, length) -> {
              if (!full[0]) {
                out.write(bytes, from, length);
              }
              return !full[0];
            },
            "full \"disk\"",
            null);
    writer.mtuUpdated(1_500_000, 17, 1200, 1400);
    full[0] = true;
    writer.mtuUpdated(2_000_000, 17, 1400, 1200);
    writer.mtuUpdated(3_000_000, 17, 1200, 1400);
    assertEquals(2, writer.leftOut());
    full[0] = false;
    writer.mtuUpdated(4_000_001, 17, 1400, 1472);
    writer.socketClosed();
    List<Map<String, Object>> events = QlogShape.check(out.toByteArray());
    assertEquals(List.of(1.5, 4.000001, 4.000001), times(events));
    assertEquals("loglevel:warning", events.get(1).get("name"));
    assertEquals(2.0, Json.cast(events.get(1).get("data")).get("code"));
    assertEquals("0000000000000011", events.get(2).get("group_id"));
  }

  /** Told of the packets of one end: by which ids it knows the connection. */
  private static final class Ids implements TraceListener {
    private final Set<Long> sent = new TreeSet<>();
    private final Set<Long> dropped = new TreeSet<>();
    private final Set<Long> opened = new TreeSet<>();
    private final Set<Long> started = new TreeSet<>();
    private int moves;

    @Override
    public void connectionStarted(
        long nowNanos, long connection, InetSocketAddress remote, boolean openedHere) {
      started.add(connection);
    }

    @Override
    public void connectionOpened(long nowNanos, long connection, InetSocketAddress remote) {
      opened.add(connection);
    }

    @Override
    public void packetSent(
        long nowNanos,
        long connection,
        PacketKind kind,
        long packetNumber,
        long keyPhase,
        int lengthBytes,
        TracedFrames frames) {
      if (kind == PacketKind.DATA) {
        sent.add(connection);
      }
    }

    @Override
    public void packetDropped(
        long nowNanos, long connection, PacketKind kind, int lengthBytes, String reason) {
      if (kind == PacketKind.DATA) {
        dropped.add(connection);
      }
    }

    @Override
    public void pathChanged(
        long nowNanos, long connection, InetSocketAddress before, InetSocketAddress after) {
      moves++;
    }
  }

  private static Set<Long> idsOf(SimulatedEndpoint end, TracedPair pair) {
    return end.endpoint().connections(pair.network.nowNanos()).stream()
        .map(ConnectionInfo::connectionId)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** One of the two attempts becomes the connection of the other, which has given it an id. */
  @Test
  void aConnectionThatBothOpenedIsNamedAsItsInfoHasIt() {
    Ids ofClient = new Ids();
    Ids ofServer = new Ids();
    TracedPair pair =
        new TracedPair(
            3,
            "delay 20ms",
            SocketOptions.defaults(Mode.RELIABLE),
            new EndpointTrace(ofClient, null),
            new EndpointTrace(ofServer, null));
    pair.send(1, Delivery.RELIABLE_ORDERED, "there");
    pair.sendBack(1, Delivery.RELIABLE_ORDERED, "back");
    pair.runUntilReceived(2);
    pair.network.run(Duration.ofSeconds(1));
    for (Ids told : List.of(ofClient, ofServer)) {
      Set<Long> ids = idsOf(told == ofClient ? pair.client : pair.server, pair);
      assertEquals(1, ids.size());
      assertEquals(ids, told.sent);
      assertEquals(ids, told.opened);
      assertTrue(told.started.containsAll(ids));
    }
    assertEquals(3, ofClient.started.size() + ofServer.started.size(), "one has become the other");
    pair.close();
  }

  /** Who moves gets packets with another of its ids. */
  @Test
  void whatIsDroppedAfterAMoveNamesTheConnection() {
    Ids ofClient = new Ids();
    Ids ofServer = new Ids();
    TracedPair pair =
        new TracedPair(
            4,
            "delay 20ms duplicate 50% rebind 2s",
            SocketOptions.defaults(Mode.RELIABLE),
            new EndpointTrace(ofClient, null),
            new EndpointTrace(ofServer, null));
    for (int i = 0; i < 20; i++) {
      pair.send(1, Delivery.RELIABLE_ORDERED, "message " + i);
      pair.network.run(Duration.ofMillis(500));
    }
    assertTrue(ofServer.moves > 0);
    assertEquals(idsOf(pair.client, pair), ofClient.dropped);
    assertEquals(idsOf(pair.server, pair), ofServer.dropped);
    pair.close();
  }

  /** Only what is new is told, and of another connection everything is. */
  @Test
  void aValueThatFellToZeroIsToldThoughAnotherConnectionWasBefore() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    QlogWriter writer = new QlogWriter(taking(out), "two connections", null);
    RecoveryMetrics metrics = new RecoveryMetrics();
    metrics.bytesInFlight = 1200;
    writer.metricsUpdated(1, 17, metrics);
    writer.metricsUpdated(2, 18, metrics);
    metrics.bytesInFlight = 0;
    writer.metricsUpdated(3, 17, metrics);
    writer.metricsUpdated(4, 17, metrics);
    writer.socketClosed();
    List<Object> told =
        QlogShape.check(out.toByteArray()).stream()
            .map(event -> Json.cast(event.get("data")).get("bytes_in_flight"))
            .collect(Collectors.toList());
    assertEquals(Arrays.asList(1200.0, 1200.0, 0.0, null), told);
  }

  private static RecordOutput taking(ByteArrayOutputStream out) {
    return (bytes, from, length) -> {
      out.write(bytes, from, length);
      return true;
    };
  }

  private static List<Object> times(List<Map<String, Object>> events) {
    return events.stream().map(event -> event.get("time")).collect(Collectors.toList());
  }
}
