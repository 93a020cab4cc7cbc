package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.posthorn.Descriptors;
import io.posthorn.JavaProcess;
import io.posthorn.capture.CaptureReader;
import io.posthorn.capture.CapturedDatagram;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.Selector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The relay over the loopback; timeouts are guards, never part of what is checked. */
@Timeout(60)
class RelayTest {
  private static final int GUARD_MILLIS = 20_000;

  private DatagramSocket client;
  private DatagramSocket server;

  @BeforeEach
  void openSockets() throws IOException {
    client = open();
    server = open();
  }

  @AfterEach
  void closeSockets() {
    client.close();
    server.close();
  }

  private static DatagramSocket open() throws IOException {
    DatagramSocket socket =
        new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    socket.setSoTimeout(GUARD_MILLIS);
    return socket;
  }

  private InetSocketAddress target() {
    return (InetSocketAddress) server.getLocalSocketAddress();
  }

  private static void send(DatagramSocket from, SocketAddress to, byte... bytes)
      throws IOException {
    from.send(new DatagramPacket(bytes, bytes.length, to));
  }

  private static DatagramPacket receive(DatagramSocket at) throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[65_536], 65_536);
    at.receive(packet);
    return packet;
  }

  private static byte[] bytes(DatagramPacket packet) {
    return Arrays.copyOf(packet.getData(), packet.getLength());
  }

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + GUARD_MILLIS * 1_000_000L;
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < end, "not within the guard's time");
      Thread.onSpinWait();
    }
  }

  @Test
  void passesDatagramsOfAnySizeBothWays() throws IOException {
    try (Relay relay = Relay.inFrontOf(target()).start()) {
      for (int length : new int[] {1, 0, 1_200, 0, 65_507}) {
        byte[] sent = new byte[length];
        Arrays.fill(sent, (byte) length);
        send(client, relay.localAddress(), sent);
        DatagramPacket arrived = receive(server);
        assertArrayEquals(sent, bytes(arrived));
        assertNotEquals(client.getLocalSocketAddress(), arrived.getSocketAddress());
        send(server, arrived.getSocketAddress(), sent);
        DatagramPacket answer = receive(client);
        assertArrayEquals(sent, bytes(answer));
        assertEquals(relay.localAddress(), answer.getSocketAddress());
      }
      RelayStatistics statistics = relay.statistics();
      assertEquals(5, statistics.up().delivered());
      assertEquals(66_708, statistics.down().deliveredBytes());
      assertEquals(1, statistics.clients());
      assertEquals(0, statistics.socketErrors() + statistics.icmpErrors());
    }
  }

  @Test
  void theSeedDecidesWhichDatagramsAreLost() throws IOException {
    LinkConditions conditions = LinkConditions.parse("loss 30%");
    SimulatedLink<String> model = new SimulatedLink<>(conditions, 77, 0, 28, 0);
    try (Relay relay = Relay.inFrontOf(target()).up(conditions).seed(77).start()) {
      int lost = 0;
      for (int i = 0; i < 100; i++) {
        send(client, relay.localAddress(), (byte) i);
        if (model.offer(ByteBuffer.allocate(1), "", 0) == DatagramFate.PASSED) {
          assertArrayEquals(new byte[] {(byte) i}, bytes(receive(server)));
        } else {
          lost++;
        }
      }
      await(() -> relay.statistics().up().offered() == 100);
      assertEquals(lost, relay.statistics().up().lost());
      assertTrue(lost > 10);
    }
  }

  @Test
  void delayTakesRealTime() throws IOException {
    try (Relay relay =
        Relay.inFrontOf(target())
            .up(LinkConditions.parse("delay 30ms"))
            .down(LinkConditions.parse("delay 20500us"))
            .start()) {
      long start = System.nanoTime();
      send(client, relay.localAddress(), (byte) 1);
      DatagramPacket arrived = receive(server);
      assertTrue(System.nanoTime() - start >= 30_000_000L);
      send(server, arrived.getSocketAddress(), (byte) 2);
      receive(client);
      assertTrue(System.nanoTime() - start >= 50_500_000L);
    }
  }

  @Test
  void clientsAreToldApartAndBounded() throws IOException {
    try (Relay relay = Relay.inFrontOf(target()).maxClients(2).start();
        DatagramSocket second = open();
        DatagramSocket third = open()) {
      send(client, relay.localAddress(), (byte) 1);
      DatagramPacket fromClient = receive(server);
      send(second, relay.localAddress(), (byte) 2);
      DatagramPacket fromSecond = receive(server);
      assertNotEquals(fromClient.getSocketAddress(), fromSecond.getSocketAddress());
      send(server, fromSecond.getSocketAddress(), (byte) 22);
      send(server, fromClient.getSocketAddress(), (byte) 11);
      assertArrayEquals(new byte[] {11}, bytes(receive(client)));
      assertArrayEquals(new byte[] {22}, bytes(receive(second)));
      send(third, relay.localAddress(), (byte) 3);
      await(() -> relay.statistics().refusedClients() == 1);
      send(client, relay.localAddress(), (byte) 4);
      assertArrayEquals(new byte[] {4}, bytes(receive(server)), "the third one's never came");
      assertEquals(2, relay.statistics().clients());
    }
  }

  @Test
  void idleClientsAreForgottenAndTheirCountersKept() throws IOException {
    try (Relay relay =
        Relay.inFrontOf(target()).maxClients(1).idleTimeout(Duration.ofMillis(1)).start()) {
      send(client, relay.localAddress(), (byte) 1);
      SocketAddress before = receive(server).getSocketAddress();
      await(() -> relay.statistics().clients() == 0);
      assertEquals(1, relay.statistics().up().delivered());
      try (DatagramSocket second = open()) {
        send(second, relay.localAddress(), (byte) 2);
        assertNotEquals(before, receive(server).getSocketAddress());
      }
      assertEquals(2, relay.statistics().up().delivered());
    }
  }

  @Test
  void aTargetThatIsNotThereIsCountedAndEndsNothing() throws IOException {
    InetSocketAddress target = target();
    server.close();
    try (Relay relay = Relay.inFrontOf(target).start()) {
      await(
          () -> {
            try {
              send(client, relay.localAddress(), (byte) 1);
            } catch (IOException failure) {
              throw new AssertionError(failure);
            }
            return relay.statistics().icmpErrors() >= 2;
          });
      assertTrue(relay.statistics().up().offered() >= 2);
      server = new DatagramSocket(target);
      server.setSoTimeout(GUARD_MILLIS);
      send(client, relay.localAddress(), (byte) 7);
      DatagramPacket arrived = receive(server);
      send(server, arrived.getSocketAddress(), (byte) 8);
      assertArrayEquals(new byte[] {8}, bytes(receive(client)));
    }
  }

  @Test
  void rebindingChangesTheSourceThatTheTargetSees() throws IOException {
    for (String words : new String[] {"rebind 1ms", "rebind 1ms address"}) {
      try (Relay relay = Relay.inFrontOf(target()).up(LinkConditions.parse(words)).start()) {
        Set<SocketAddress> sources = new HashSet<>();
        while (sources.size() < 3) {
          send(client, relay.localAddress(), (byte) 1);
          sources.add(receive(server).getSocketAddress());
        }
        assertEquals(1, relay.statistics().clients());
      }
    }
  }

  @Test
  void conditionsChangeWhileItRuns() throws IOException {
    try (Relay relay = Relay.inFrontOf(target()).start()) {
      send(client, relay.localAddress(), (byte) 1);
      DatagramPacket arrived = receive(server);
      relay.up(LinkConditions.parse("outage 0s 1000s"));
      send(client, relay.localAddress(), (byte) 2);
      await(() -> relay.statistics().up().outageDropped() == 1);
      relay.up(LinkConditions.NONE);
      relay.down(LinkConditions.parse("duplicate 100%"));
      send(client, relay.localAddress(), (byte) 3);
      assertArrayEquals(new byte[] {3}, bytes(receive(server)));
      send(server, arrived.getSocketAddress(), (byte) 4);
      assertArrayEquals(new byte[] {4}, bytes(receive(client)));
      assertArrayEquals(new byte[] {4}, bytes(receive(client)));
    }
  }

  @Test
  void closeFreesTheAddress() throws IOException {
    Relay relay = Relay.inFrontOf(target()).start();
    send(client, relay.localAddress(), (byte) 1);
    receive(server);
    Relay.Builder again = Relay.inFrontOf(target()).listen(relay.localAddress());
    assertThrows(IOException.class, again::start);
    relay.close();
    relay.close();
    again.start().close();
  }

  @Test
  void settingsOutOfRangeAreRefused() {
    Relay.Builder builder = Relay.inFrontOf(target());
    assertThrows(IllegalArgumentException.class, () -> builder.maxClients(0));
    assertThrows(IllegalArgumentException.class, () -> builder.idleTimeout(Duration.ZERO));
    assertThrows(
        IllegalArgumentException.class,
        () -> Relay.inFrontOf(InetSocketAddress.createUnresolved("a.invalid", 1)));
  }

  @Test
  void aRelayThatCannotStartLeavesNothingOpen() throws Exception {
    InetAddress six = InetAddress.getByAddress(new byte[16]);
    Relay.Builder impossible =
        Relay.inFrontOf(target())
            .protocolFamily(StandardProtocolFamily.INET)
            .listen(new InetSocketAddress(six, 0));
    long before = Descriptors.open();
    for (int i = 0; i < 100; i++) {
      assertThrows(RuntimeException.class, impossible::start);
    }
    long after = Descriptors.open();
    assertTrue(after <= before + 2, before + " descriptors before, " + after + " after");
    InetSocketAddress unresolved = InetSocketAddress.createUnresolved("localhost", 0);
    Relay.Builder builder = Relay.inFrontOf(target());
    assertThrows(IllegalArgumentException.class, () -> builder.listen(unresolved));
  }

  /** Else its clients would wait for answers that cannot come. */
  @Test
  void aTargetOfAFamilyThatTheMachineHasNotIsRefusedAtOnce() throws Exception {
    String output =
        JavaProcess.outputOf(
            JavaProcess.start(List.of("-Djava.net.preferIPv4Stack=true"), WithoutIpv6.class));
    assertEquals("this machine has no INET6", output.strip());
  }

  /** A relay before an IPv6 address, in a virtual machine that has none. */
  static final class WithoutIpv6 {
    private WithoutIpv6() {}

    public static void main(String[] arguments) throws IOException {
      InetSocketAddress target = new InetSocketAddress(InetAddress.getByName("2001:db8::1"), 9);
      try (Relay relay = Relay.inFrontOf(target).start()) {
        System.out.println("it runs: " + relay.localAddress());
      } catch (BindException refused) {
        System.out.println(refused.getMessage());
      }
    }
  }

  /** Whoever has it must not think that it lives. */
  @Test
  void aFaultThatEndsItIsKept() throws Exception {
    Relay relay = Relay.inFrontOf(target()).start();
    assertNull(relay.failure());
    Field selector = Relay.class.getDeclaredField("selector");
    selector.setAccessible(true);
    ((Selector) selector.get(relay)).close();
    await(() -> relay.failure() != null);
    assertInstanceOf(ClosedSelectorException.class, relay.failure());
    relay.close();
  }

  @Test
  void clientsMayBeRememberedForEver() throws IOException {
    try (Relay relay =
        Relay.inFrontOf(target()).idleTimeout(Duration.ofSeconds(Long.MAX_VALUE)).start()) {
      send(client, relay.localAddress(), (byte) 1);
      assertArrayEquals(new byte[] {1}, bytes(receive(server)));
    }
  }

  @Test
  void whatIsRecordedIsDoneAgainToAnyOtherTraffic(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("recording");
    List<Boolean> first = new ArrayList<>();
    List<Boolean> second = new ArrayList<>();
    try (Relay relay =
        Relay.inFrontOf(target())
            .up(LinkConditions.parse("loss 40%"))
            .seed(5)
            .record(file)
            .start()) {
      arrivals(relay, first);
      assertNull(relay.recordingFailure());
    }
    LinkConditions again = LinkConditions.parse("replay " + file);
    assertEquals(60, again.recording().datagrams(0, 0));
    try (Relay relay = Relay.inFrontOf(target()).up(again).seed(6).start()) {
      arrivals(relay, second);
    }
    assertEquals(first, second);
    assertTrue(first.contains(true) && first.contains(false));
  }

  @Test
  void captureHasBothSidesAndWhatTheLinkTook(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("seen.pcapng");
    List<Boolean> arrived = new ArrayList<>();
    InetSocketAddress relayed;
    InetSocketAddress own = (InetSocketAddress) client.getLocalSocketAddress();
    InetSocketAddress mapped;
    try (Relay relay =
        Relay.inFrontOf(target())
            .up(LinkConditions.parse("loss 40%"))
            .seed(5)
            .capture(file)
            .start()) {
      relayed = relay.localAddress();
      arrivals(relay, arrived);
      relay.up(LinkConditions.NONE);
      send(client, relayed, (byte) 60);
      mapped = (InetSocketAddress) receive(server).getSocketAddress();
      send(server, mapped, (byte) 61);
      receive(client);
    }
    arrived.add(true);
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < arrived.size(); i++) {
      expected.add(own + " " + relayed + " " + i + (arrived.get(i) ? "" : " taken: lost"));
      if (arrived.get(i)) {
        expected.add(mapped + " " + target() + " " + i);
      }
    }
    expected.add(target() + " " + mapped + " 61");
    expected.add(relayed + " " + own + " 61");
    List<String> seen = new ArrayList<>();
    try (CaptureReader in = new CaptureReader(file)) {
      for (CapturedDatagram each = in.next(); each != null; each = in.next()) {
        String comment = each.comment().isEmpty() ? "" : " " + each.comment();
        seen.add(each.from() + " " + each.to() + " " + each.payload()[0] + comment);
      }
    }
    assertEquals(expected, seen);
    assertThrows(
        IOException.class,
        () -> Relay.inFrontOf(target()).capture(Path.of("/no/such/folder/x")).start());
  }

  /** Which of 60 datagrams arrive: each is followed through before the next is sent. */
  private void arrivals(Relay relay, List<Boolean> arrived) throws IOException {
    for (int i = 0; i < 60; i++) {
      send(client, relay.localAddress(), (byte) i);
      int sent = i + 1;
      await(() -> relay.statistics().up().offered() == sent);
      boolean lost = relay.statistics().up().lost() > arrived.stream().filter(a -> !a).count();
      if (!lost) {
        assertArrayEquals(new byte[] {(byte) i}, bytes(receive(server)));
      }
      arrived.add(!lost);
    }
  }

  @Test
  void aRecordThatCannotBeWrittenIsToldAndTheNetworkGoesOn() throws IOException {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.exists(full));
    try (Relay relay = Relay.inFrontOf(target()).record(full).start()) {
      for (int i = 0; i < 1_000; i++) {
        send(client, relay.localAddress(), (byte) i);
        receive(server);
      }
      await(() -> relay.recordingFailure() != null);
      send(client, relay.localAddress(), (byte) 1);
      receive(server);
    }
    assertThrows(
        IOException.class,
        () -> Relay.inFrontOf(target()).record(Path.of("/no/such/folder/x")).start());
  }

  @Test
  void aCutRelayPassesNothingUntilItIsMended() throws IOException {
    try (Relay relay = Relay.inFrontOf(target()).start()) {
      relay.cut(true);
      send(client, relay.localAddress(), (byte) 1);
      await(() -> relay.statistics().up().outageDropped() == 1);
      relay.cut(false);
      send(client, relay.localAddress(), (byte) 2);
      assertArrayEquals(new byte[] {2}, bytes(receive(server)));
    }
  }

  @Test
  void hundredsOfClientsAreServedAtOnce() throws IOException {
    int count = 200; // as many as the receive buffer of the smallest default holds
    List<DatagramSocket> many = new ArrayList<>();
    try (Relay relay =
        Relay.inFrontOf(target()).up(LinkConditions.parse("delay 5ms 2ms")).start()) {
      for (int i = 0; i < count; i++) {
        many.add(open());
      }
      for (DatagramSocket one : many) {
        send(one, relay.localAddress(), (byte) 1);
      }
      Set<SocketAddress> seen = new HashSet<>();
      for (int i = 0; i < count; i++) {
        DatagramPacket arrived = receive(server);
        seen.add(arrived.getSocketAddress());
        send(server, arrived.getSocketAddress(), (byte) 2);
      }
      for (DatagramSocket one : many) {
        assertArrayEquals(new byte[] {2}, bytes(receive(one)));
      }
      assertEquals(count, seen.size());
      assertEquals(count, relay.statistics().clients());
    } finally {
      many.forEach(DatagramSocket::close);
    }
  }
}
