package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Mode;
import io.posthorn.SocketOptions;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SimulatedSocketTest {
  private static final InetSocketAddress CLIENT = address(1);
  private static final InetSocketAddress SERVER = address(2);

  private static InetSocketAddress address(int host) {
    try {
      return new InetSocketAddress(
          InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) host}), 9_000);
    } catch (UnknownHostException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static SimulatedSocket socket(Mode mode, InetSocketAddress at, long seed) {
    return new SimulatedSocket(SocketOptions.defaults(mode), at, new SplittableRandom(seed));
  }

  private final List<byte[]> received = new ArrayList<>();
  private final List<String> events = new ArrayList<>();

  private SimulatedNetwork network(String conditions, SimulatedSocket client, Mode mode) {
    SimulatedSocket server = socket(mode, SERVER, 2);
    server.onMessage(
        (from, body) -> {
          assertEquals(CLIENT, from);
          received.add(body);
        });
    client.onConnected(() -> events.add("connected"));
    client.onWritable(() -> events.add("writable"));
    client.onClosed(reason -> events.add("closed: " + reason));
    return SimulatedNetwork.seeded(3)
        .link(LinkConditions.parse(conditions))
        .attach(CLIENT, client)
        .attach(SERVER, server);
  }

  @Test
  void reliableMessagesGetThroughABadNetworkInOrder() {
    SimulatedSocket client = socket(Mode.RELIABLE, CLIENT, 1);
    SimulatedNetwork network =
        network("delay 20ms 10ms loss 20% duplicate 10%", client, Mode.RELIABLE);
    client.connect(SERVER, network.nowNanos());
    for (int i = 0; i < 100; i++) {
      assertTrue(client.trySend(SERVER, new byte[] {(byte) i}, network.nowNanos()));
    }
    assertTrue(network.runUntil(() -> received.size() == 100, Duration.ofMinutes(1)));
    for (int i = 0; i < 100; i++) {
      assertArrayEquals(new byte[] {(byte) i}, received.get(i));
    }
    // The server's first packet back is what tells the client, which may be after the messages.
    assertTrue(network.runUntil(() -> events.contains("connected"), Duration.ofMinutes(1)));
    assertTrue(client.bytesSent() > 100);
  }

  @Test
  void plainMessagesAreTheDatagrams() {
    SimulatedSocket client = socket(Mode.PLAIN, CLIENT, 1);
    SimulatedNetwork network = network("delay 1ms", client, Mode.PLAIN);
    assertTrue(client.trySend(SERVER, new byte[0], 0));
    assertTrue(client.trySend(SERVER, new byte[] {1, 2, 3}, 0));
    network.run(Duration.ofMillis(2));
    assertEquals(2, received.size());
    assertArrayEquals(new byte[] {1, 2, 3}, received.get(1));
    assertEquals(3, client.bytesSent());
    assertEquals(0, client.bytesRetransmitted());
    assertThrows(
        IllegalStateException.class, () -> client.trySend(SERVER, new byte[70_000], 2_000_000));
  }

  @Test
  void fullBufferSaysNoAndTellsWhenThereIsRoom() {
    SimulatedSocket client = socket(Mode.RELIABLE, CLIENT, 1);
    SimulatedNetwork network = network("delay 1ms rate 100mbit", client, Mode.RELIABLE);
    int[] taken = {0};
    int[] refused = {0};
    Runnable sendWhatFits =
        () -> {
          while (taken[0] < 200) {
            if (!client.trySend(SERVER, new byte[60_000], network.nowNanos())) {
              refused[0]++;
              return;
            }
            taken[0]++;
          }
        };
    client.onWritable(sendWhatFits);
    sendWhatFits.run();
    assertEquals(1, refused[0], "12 MB do not fit at once");
    assertTrue(network.runUntil(() -> received.size() == 200, Duration.ofMinutes(1)));
    assertEquals(200, taken[0]);
  }

  @Test
  void nobodyThereIsToldWithTheReason() {
    SimulatedSocket client = socket(Mode.RELIABLE, CLIENT, 1);
    SimulatedNetwork network = network("loss 100%", client, Mode.RELIABLE);
    client.connect(SERVER, network.nowNanos());
    network.run(Duration.ofSeconds(11));
    assertEquals(List.of("closed: handshake timeout"), events);
  }
}
