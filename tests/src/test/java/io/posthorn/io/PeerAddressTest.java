package io.posthorn.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Pointer;
import io.posthorn.EcnMark;
import io.posthorn.Ipv6Loopback;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.wire.PacketHeader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.net.DatagramPacket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A socket of all addresses answers from the one that it was written to. The peers here are
 * connected, so that the system lets nothing else through to them; loopback hands over within the
 * call.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class PeerAddressTest {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final Duration GUARD = Duration.ofSeconds(20);

  /** What refuses an own address, as a machine that has it no more. */
  private static final class Renumbered extends LinuxCalls {
    private int refusals;
    private boolean isRefused;

    @Override
    long send(int fd, long message) {
      Pointer header = new Pointer(message);
      isRefused =
          header.getLong(MSG_CONTROLLEN_AT) > 0
              && isSource(header.getPointer(MSG_CONTROL_AT).getInt(CMSG_TYPE_AT));
      refusals += isRefused ? 1 : 0;
      return isRefused ? -1 : super.send(fd, message);
    }

    private static boolean isSource(int type) {
      return type == IP_PKTINFO || type == IPV6_PKTINFO;
    }

    @Override
    int lastError() {
      return isRefused ? EINVAL : super.lastError();
    }
  }

  private final ByteBuffer slab = ByteBuffer.allocate(DatagramPort.SLAB_BYTES);
  private LinuxDatagramPort port;

  private void open(LinuxCalls calls, String bind) throws Exception {
    port = LinuxDatagramPort.open(calls, new InetSocketAddress(bind, 0), null, true);
  }

  @AfterEach
  void close() {
    if (port != null) {
      port.close();
    }
  }

  /** A peer that hears the one address that it writes to. */
  private DatagramChannel peerOf(InetAddress from, InetAddress to) throws Exception {
    DatagramChannel peer = DatagramChannel.open();
    peer.bind(new InetSocketAddress(from, 0));
    peer.connect(new InetSocketAddress(to, port.localAddress().getPort()));
    peer.configureBlocking(false);
    return peer;
  }

  private DatagramChannel peerOf(String to) throws Exception {
    return peerOf(LOOPBACK, InetAddress.getByName(to));
  }

  private InetSocketAddress ask(DatagramChannel peer) throws Exception {
    peer.write(ByteBuffer.allocate(3));
    InetSocketAddress from = port.receive(slab, 0);
    while (from == null) {
      port.await(Endpoint.NEVER, false);
      from = port.receive(slab, 0);
    }
    assertEquals(peer.getLocalAddress(), from);
    return from;
  }

  private void answer(InetSocketAddress to, EcnMark mark, int... lengths) throws Exception {
    TransmitBatch batch = DatagramPortContractTest.batch(to, lengths);
    batch.mark(mark);
    assertEquals(lengths.length, port.send(batch, 0, 0));
    assertEquals(Map.of(), port.counters().sendErrors());
  }

  private static void assertHears(DatagramChannel peer, int... lengths) throws Exception {
    ByteBuffer into = ByteBuffer.allocate(2_000);
    for (int length : lengths) {
      into.clear();
      assertEquals(length, peer.read(into));
    }
    into.clear();
    assertEquals(0, peer.read(into));
  }

  @ParameterizedTest
  @CsvSource({"0.0.0.0,127.0.0.2", "0.0.0.0,127.0.0.1", "::,127.0.0.2", "::,127.0.0.1", "::,::1"})
  void runsAndSinglesWithAndWithoutMarkLeaveFromThere(String bind, String to) throws Exception {
    Ipv6Loopback.assumeIfNeeded(bind, to);
    open(new LinuxCalls(), bind);
    InetAddress host = InetAddress.getByName(to);
    InetAddress from = InetAddress.getByName(host instanceof Inet6Address ? "::1" : "127.0.0.1");
    try (DatagramChannel peer = peerOf(from, host)) {
      InetSocketAddress known = ask(peer);
      for (EcnMark mark : List.of(EcnMark.NOT_ECT, EcnMark.ECT_0)) {
        answer(known, mark, 300, 300, 7);
        assertHears(peer, 300, 300, 7);
        answer(known, mark, 40);
        assertHears(peer, 40);
      }
      assertTrue(port.description().contains("sendmsg with UDP_SEGMENT"), port.description());
    }
  }

  /** What names the source must not spoil what carries the mark. */
  @ParameterizedTest
  @CsvSource({"0.0.0.0,127.0.0.2", "::,127.0.0.2", "::,::1"})
  void marksArriveAfterAnAnswerWithoutOne(String bind, String to) throws Exception {
    Ipv6Loopback.assumeIfNeeded(bind, to);
    open(new LinuxCalls(), bind);
    InetAddress host = InetAddress.getByName(to);
    InetSocketAddress from = new InetSocketAddress(host, 0);
    LinuxDatagramPort peer = LinuxDatagramPort.open(new LinuxCalls(), from, null, true);
    try {
      InetSocketAddress server = new InetSocketAddress(host, port.localAddress().getPort());
      assertEquals(1, peer.send(DatagramPortContractTest.batch(server, 3), 0, 0));
      InetSocketAddress known = port.receive(slab, 0);
      assertSame(PeerAddress.class, known.getClass());
      for (EcnMark mark : List.of(EcnMark.NOT_ECT, EcnMark.ECT_0, EcnMark.NOT_ECT, EcnMark.CE)) {
        answer(known, mark, 40);
        assertNotNull(peer.receive(slab, 0));
        assertEquals(mark, peer.ecn());
      }
    } finally {
      peer.close();
    }
  }

  /** Peers of IPv6 as well, if the machine has a second address of it. */
  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::"})
  void eachAddressOfTheMachineAnswersForItself(String bind) throws Exception {
    open(new LinuxCalls(), bind);
    List<InetAddress> own = new ArrayList<>();
    NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .filter(host -> !host.isLinkLocalAddress())
        .filter(host -> bind.equals("::") || !(host instanceof Inet6Address))
        .forEach(own::add);
    own.add(InetAddress.getByName("127.0.0.3"));
    for (InetAddress to : own) {
      String loopback = to instanceof Inet6Address ? "::1" : "127.0.0.1";
      try (DatagramChannel peer = peerOf(InetAddress.getByName(loopback), to)) {
        answer(ask(peer), EcnMark.NOT_ECT, 5);
        assertHears(peer, 5);
      }
    }
  }

  @Test
  void senderIsTheSameObjectUntilItWritesElsewhere() throws Exception {
    open(new LinuxCalls(), "0.0.0.0");
    try (DatagramChannel peer = peerOf("127.0.0.2")) {
      InetSocketAddress first = ask(peer);
      assertSame(first, ask(peer));
      peer.disconnect();
      peer.connect(new InetSocketAddress("127.0.0.3", port.localAddress().getPort()));
      InetSocketAddress second = ask(peer);
      assertNotSame(first, second);
      assertEquals(first, second);
      assertEquals(second, first);
      assertEquals(first.hashCode(), second.hashCode());
      answer(first, EcnMark.NOT_ECT, 4);
      answer(second, EcnMark.NOT_ECT, 5);
      assertHears(peer, 5);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::"})
  void whomNobodyHeardIsWrittenToFromWhereTheRoutesSay(String bind) throws Exception {
    open(new LinuxCalls(), bind);
    try (DatagramChannel peer = peerOf("127.0.0.1");
        DatagramChannel other = peerOf("127.0.0.2")) {
      ask(other);
      answer((InetSocketAddress) peer.getLocalAddress(), EcnMark.NOT_ECT, 5);
      assertHears(peer, 5);
    }
  }

  @Test
  void socketOfOneAddressDoesNotAsk() throws Exception {
    open(new LinuxCalls(), "127.0.0.2");
    try (DatagramChannel peer = peerOf("127.0.0.2")) {
      assertSame(InetSocketAddress.class, ask(peer).getClass());
    }
  }

  @Test
  void addressThatAnotherSocketMetIsNoneOfThisOnes() throws Exception {
    open(new LinuxCalls(), "0.0.0.0");
    InetSocketAddress bind = new InetSocketAddress(LOOPBACK, 0);
    LinuxDatagramPort another = LinuxDatagramPort.open(new LinuxCalls(), bind, null, true);
    try (DatagramChannel peer = peerOf("127.0.0.2")) {
      InetSocketAddress met = ask(peer);
      peer.disconnect();
      peer.connect(another.localAddress());
      assertEquals(1, another.send(DatagramPortContractTest.batch(met, 6), 0, 0));
      assertHears(peer, 6);
    } finally {
      another.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::"})
  void addressThatIsNoMoreIsLeftToTheRoutes(String bind) throws Exception {
    Renumbered calls = new Renumbered();
    open(calls, bind);
    try (DatagramChannel peer = peerOf("127.0.0.2")) {
      InetSocketAddress from = ask(peer);
      peer.disconnect();
      peer.connect(new InetSocketAddress(LOOPBACK, port.localAddress().getPort()));
      answer(from, EcnMark.ECT_0, 300, 300, 7);
      answer(from, EcnMark.ECT_0, 40);
      assertHears(peer, 300, 300, 7, 40);
      assertEquals(1, calls.refusals);
      assertTrue(port.description().contains("sendmsg with UDP_SEGMENT"), port.description());
    }
  }

  @Test
  void firstMessagesThatComeApartAreAnsweredFromThereToo() throws Exception {
    open(new LinuxCalls(), "0.0.0.0");
    ByteBuffer first = ByteBuffer.allocate(1_200);
    first.put(PacketHeader.TYPE_AT, (byte) PacketHeader.FIRST_MESSAGE);
    try (DatagramChannel peer = peerOf("127.0.0.2")) {
      for (int i = 0; i <= FirstMessageSocket.MANY; i++) {
        peer.write(first.rewind());
        InetSocketAddress from = port.receive(slab, 1);
        assertNotNull(from);
        answer(from, EcnMark.NOT_ECT, 9);
        assertHears(peer, 9);
      }
      assertTrue(port.description().contains("a socket of their own"), port.description());
    }
  }

  @Test
  void serializedItIsAnAddressLikeAnyOther() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    InetAddress host = InetAddress.getByName("192.0.2.1");
    new ObjectOutputStream(bytes).writeObject(new PeerAddress(host, 9, 1, 2));
    Object read = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();
    assertSame(InetSocketAddress.class, read.getClass());
    assertEquals(new InetSocketAddress(host, 9), read);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::"})
  void plainAnswerReachesAConnectedPeer(String bind) throws Exception {
    try (MessageSocket server =
            MessageSocket.builder().mode(Mode.PLAIN).bind(new InetSocketAddress(bind, 0)).open();
        DatagramChannel peer = DatagramChannel.open()) {
      peer.connect(new InetSocketAddress("127.0.0.2", server.localAddress().getPort()));
      peer.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
      Message asked = server.receive(GUARD);
      server.send(asked.from(), asked.body());
      peer.socket().setSoTimeout((int) GUARD.toMillis());
      DatagramPacket answer = new DatagramPacket(new byte[9], 9);
      peer.socket().receive(answer);
      assertEquals(3, answer.getLength());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::"})
  void reliableAnswerComesFromWhereThePeerConnectedTo(String bind) throws Exception {
    try (MessageSocket server =
            MessageSocket.builder().bind(new InetSocketAddress(bind, 0)).open();
        MessageSocket client =
            MessageSocket.builder().bind(new InetSocketAddress(LOOPBACK, 0)).open()) {
      InetSocketAddress to = new InetSocketAddress("127.0.0.2", server.localAddress().getPort());
      client.send(to, new byte[] {1});
      Message asked = server.receive(GUARD);
      server.send(asked.from(), new byte[] {2});
      Message answer = client.receive(GUARD);
      assertEquals(to, answer.from());
      assertEquals(to, client.connections().get(0).remote());
      assertEquals(1, client.connections().size());
      assertEquals(to, server.connections().get(0).local(), "the table tells the address asked");
      assertEquals(client.localAddress(), server.connections().get(0).remote());
      assertEquals(client.localAddress(), client.connections().get(0).local());
      assertEquals(to, asked.connection().info().local());
    }
  }
}
