package io.posthorn.io;

import static io.posthorn.io.FirstMessageSocket.BUSY_BUDGET;
import static io.posthorn.io.FirstMessageSocket.IDLE_BUDGET;
import static io.posthorn.io.FirstMessageSocket.MANY;
import static io.posthorn.io.FirstMessageSocket.QUIET_NANOS;
import static io.posthorn.io.FirstMessageSocket.SLICE_NANOS;
import static io.posthorn.io.FirstMessageSocket.WINDOW_NANOS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Ipv6Loopback;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.SocketChoice;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.PacketHeader;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * FAULTS 41 on real sockets. Loopback hands over within the call, so what was sent is there, and
 * time is what we say.
 */
@EnabledOnOs(OS.LINUX)
class FirstMessageSocketTest {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static final String APART = "a socket of their own";

  /** More than the receive buffer of any of our sockets holds, of 1,200 bytes each. */
  private static final int FLOOD = 10_000;

  /** Three messages of each are more than a slice has time for, of one half they are fewer. */
  private static final int SENDERS_OF_A_HALF = 16;

  private final ByteBuffer slab = ByteBuffer.allocate(DatagramPort.SLAB_BYTES);
  private LinuxDatagramPort port;
  private DatagramChannel stranger;
  private DatagramChannel peer;
  private long nowNanos = 5_000_000_000L;

  @BeforeEach
  void open() throws Exception {
    port = LinuxDatagramPort.open(new LinuxCalls(), ANY, null, true);
    stranger = DatagramChannel.open().bind(ANY);
    peer = DatagramChannel.open().bind(ANY);
  }

  @AfterEach
  void close() throws Exception {
    port.close();
    stranger.close();
    peer.close();
  }

  private void send(DatagramChannel from, int type, int bytes) throws Exception {
    ByteBuffer datagram = ByteBuffer.allocate(bytes);
    if (bytes > 0) {
      datagram.put(PacketHeader.TYPE_AT, (byte) type);
    }
    assertEquals(bytes, from.send(datagram, port.localAddress()));
  }

  private void sendWithCookie() throws Exception {
    ByteBuffer datagram = ByteBuffer.allocate(1_200);
    datagram.put(PacketHeader.TYPE_AT, (byte) PacketHeader.FIRST_MESSAGE);
    datagram.put(FirstMessagePacket.COOKIE_LENGTH_AT, (byte) 48);
    assertEquals(1_200, stranger.send(datagram, port.localAddress()));
  }

  private void sendFirstMessages(int count) throws Exception {
    for (int i = 0; i < count; i++) {
      send(stranger, PacketHeader.FIRST_MESSAGE, 1_200);
    }
  }

  /** The type of the next datagram; -1 if there is none. */
  private int receive() throws Exception {
    return port.receive(slab, nowNanos) == null ? -1 : slab.get(0);
  }

  private int receiveAll() throws Exception {
    int count = 0;
    while (receive() >= 0) {
      count++;
    }
    return count;
  }

  private boolean isApart() {
    return port.description().contains(APART);
  }

  /** As many as make a flood, read as they come. */
  private void begin() throws Exception {
    for (int i = 0; i < MANY; i++) {
      assertFalse(isApart(), "after " + i);
      sendFirstMessages(1);
      assertEquals(PacketHeader.FIRST_MESSAGE, receive());
    }
    assertTrue(isApart(), port.description());
  }

  @Test
  void aFloodOfFirstMessagesTakesNoRoomFromOthers() throws Exception {
    begin();
    sendFirstMessages(FLOOD);
    for (int i = 0; i < 100; i++) {
      send(peer, PacketHeader.DATA, 1_200);
    }
    int first = 0;
    int data = 0;
    for (int type = receive(); type >= 0; type = receive()) {
      first += type == PacketHeader.FIRST_MESSAGE ? 1 : 0;
      data += type == PacketHeader.DATA ? 1 : 0;
      assertTrue(data == 100 || first <= data + 1, "they take turns");
    }
    assertEquals(100, data);
    assertTrue(first > 0, "strangers are heard all the same");
  }

  @Test
  void whoHasACookieIsHeardAmongOthersUnlessVeryManySayTheyDo() throws Exception {
    begin();
    sendFirstMessages(FLOOD);
    nowNanos += WINDOW_NANOS;
    receiveAll();
    for (int i = 0; i < MANY; i++) {
      sendWithCookie();
      assertEquals(PacketHeader.FIRST_MESSAGE, receive(), "others have had their turn");
      assertEquals(48, slab.get(FirstMessagePacket.COOKIE_LENGTH_AT));
    }
    for (int i = 0; i < FLOOD; i++) {
      sendWithCookie();
    }
    send(peer, PacketHeader.DATA, 40);
    assertEquals(PacketHeader.DATA, receive());
    assertEquals(-1, receive(), "their budget was used up");
    nowNanos += SLICE_NANOS;
    assertEquals(BUSY_BUDGET, receiveAll());
  }

  @Test
  void firstMessagesHaveABudgetBesideOthers() throws Exception {
    begin();
    sendFirstMessages(FLOOD);
    send(peer, PacketHeader.DATA, 40);
    assertTrue(receiveAll() <= BUSY_BUDGET + 1 + IDLE_BUDGET);
    assertEquals(nowNanos + SLICE_NANOS, port.nextTimeoutNanos());
    nowNanos += SLICE_NANOS;
    assertEquals(BUSY_BUDGET, receiveAll(), "others came in the slice before");
    nowNanos += SLICE_NANOS;
    assertEquals(IDLE_BUDGET, receiveAll(), "nobody else came");
    sendFirstMessages(FLOOD);
    nowNanos += SLICE_NANOS;
    send(peer, PacketHeader.DATA, 40);
    assertEquals(IDLE_BUDGET + 1, receiveAll());
    long dropped = port.counters().receiveOverflows();
    assertTrue(dropped > FLOOD / 2 && dropped < 2 * FLOOD, dropped + " found no room");
  }

  @Test
  void theirSocketIsClosedWhenFewCome() throws Exception {
    begin();
    long last = nowNanos;
    while (nowNanos - last < QUIET_NANOS) {
      assertTrue(isApart());
      nowNanos += WINDOW_NANOS;
      sendFirstMessages(10);
      assertTrue(receiveAll() <= 10);
    }
    assertFalse(isApart(), port.description());
    assertEquals(Endpoint.NEVER, port.nextTimeoutNanos());
    sendFirstMessages(3);
    assertEquals(3, receiveAll());
    nowNanos += WINDOW_NANOS;
    begin();
  }

  /** Of either family, and IPv4 at a socket for both. */
  @ParameterizedTest
  @CsvSource({"127.0.0.1,127.0.0.1", "::1,::1", "::,127.0.0.1", "::,::1"})
  void ifStillTooManyComeHalfOfTheSendersIsHeardAtATime(String bind, String host) throws Exception {
    Ipv6Loopback.assumeIfNeeded(bind, host);
    port.close();
    port = LinuxDatagramPort.open(new LinuxCalls(), new InetSocketAddress(bind, 0), null, true);
    peer.close();
    peer = DatagramChannel.open().bind(new InetSocketAddress(host, 0));
    InetSocketAddress to = new InetSocketAddress(host, port.localAddress().getPort());
    List<DatagramChannel> senders = new ArrayList<>();
    Set<SocketAddress> all = new HashSet<>();
    int[] ofPart = new int[2];
    while (ofPart[0] + ofPart[1] < 2 * SENDERS_OF_A_HALF) {
      DatagramChannel sender = DatagramChannel.open().bind(new InetSocketAddress(host, 0));
      InetSocketAddress address = (InetSocketAddress) sender.getLocalAddress();
      int part = SocketChoice.ofAddress(address, 2);
      if (ofPart[part] < SENDERS_OF_A_HALF) {
        ofPart[part]++;
        senders.add(sender);
        all.add(address);
      } else {
        sender.close();
      }
    }
    try {
      hearForATurn(senders, to); // of all, whoever finds room
      Set<SocketAddress> one = hearForATurn(senders, to);
      Set<SocketAddress> other = hearForATurn(senders, to);
      assertEquals(1, parts(one).size(), parts(one)::toString);
      assertEquals(1, parts(other).size(), parts(other)::toString);
      one.addAll(other);
      assertEquals(all, one);
      assertFalse(other.containsAll(one));
    } finally {
      for (DatagramChannel sender : senders) {
        sender.close();
      }
    }
  }

  /** More come in each slice than there is time for, but not twice as many. */
  private Set<SocketAddress> hearForATurn(List<DatagramChannel> senders, InetSocketAddress to)
      throws Exception {
    ByteBuffer datagram = ByteBuffer.allocate(1_200);
    datagram.put(PacketHeader.TYPE_AT, (byte) PacketHeader.FIRST_MESSAGE);
    Set<SocketAddress> heard = new HashSet<>();
    long end = nowNanos + AddressTurns.TURN_NANOS;
    while (nowNanos < end) {
      for (int i = 0; i < 3 * senders.size(); i++) {
        senders.get(i % senders.size()).send(datagram.clear(), to);
      }
      peer.send(ByteBuffer.wrap(new byte[] {PacketHeader.DATA}), to);
      nowNanos += SLICE_NANOS;
      for (InetSocketAddress from = port.receive(slab, nowNanos);
          from != null;
          from = port.receive(slab, nowNanos)) {
        if (slab.get(0) == PacketHeader.FIRST_MESSAGE) {
          heard.add(from);
        }
      }
      if (nowNanos == end - SLICE_NANOS * 10) {
        heard.clear(); // what waited in the buffer since the turn before is through by now
      }
    }
    return heard;
  }

  private static Set<Integer> parts(Set<SocketAddress> addresses) {
    Set<Integer> parts = new HashSet<>();
    for (SocketAddress address : addresses) {
      parts.add(SocketChoice.ofAddress((InetSocketAddress) address, 2));
    }
    return parts;
  }

  @Test
  void nobodyElseGetsThePortMeanwhileOrAfterwards() throws Exception {
    InetSocketAddress same = port.localAddress();
    begin();
    assertThrows(
        BindException.class, () -> LinuxDatagramPort.open(new LinuxCalls(), same, null, true));
    nowNanos += QUIET_NANOS + WINDOW_NANOS;
    assertEquals(-1, receive());
    assertFalse(isApart());
    assertThrows(
        BindException.class, () -> LinuxDatagramPort.open(new LinuxCalls(), same, null, true));
    begin();
    port.close();
    LinuxDatagramPort.open(new LinuxCalls(), same, null, true).close();
  }

  @Test
  void fewOrOtherDatagramsAreReadAsEver() throws Exception {
    for (int window = 0; window < 20; window++) {
      nowNanos += WINDOW_NANOS;
      sendFirstMessages(MANY - 1);
      assertEquals(MANY - 1, receiveAll());
      for (int i = 0; i < 2 * MANY; i++) {
        send(peer, PacketHeader.DATA, 20);
        assertEquals(PacketHeader.DATA, receive());
      }
    }
    send(peer, 0, 0);
    assertNotNull(port.receive(slab, nowNanos));
    assertEquals(0, slab.remaining());
    assertFalse(isApart());
  }

  @Test
  void aPortOfPlainModeKeepsNothingApart() throws Exception {
    port.close();
    port = LinuxDatagramPort.open(new LinuxCalls(), ANY, null, false);
    for (int i = 0; i < 2 * MANY; i++) {
      sendFirstMessages(1);
      assertEquals(PacketHeader.FIRST_MESSAGE, receive());
    }
    assertFalse(isApart());
  }

  @Test
  void aMomentWithoutDescriptorsDoesNotKeepItClosedForEver() throws Exception {
    port.close();
    int[] asked = {0}; // first for the port itself
    RefusingCalls calls =
        new RefusingCalls(
            RefusingCalls.Call.SOCKET, LinuxCalls.EMFILE, () -> ++asked[0] == 2 || asked[0] == 3);
    port = LinuxDatagramPort.open(calls, ANY, null, true);
    for (int windows = 1; windows <= 3; windows++) {
      assertFalse(isApart());
      for (int i = 0; i < MANY; i++) {
        sendFirstMessages(1);
        assertEquals(PacketHeader.FIRST_MESSAGE, receive());
      }
      assertEquals(
          windows < 3, port.description().contains("; no socket of their own"), port.description());
      nowNanos += WINDOW_NANOS;
    }
    assertTrue(isApart());
  }

  @Test
  void aSystemThatDoesNotSteerLeavesOneSocket() throws Exception {
    port.close();
    port =
        LinuxDatagramPort.open(
            new RefusingCalls(
                RefusingCalls.Call.STEERING_OPTION, LinuxCalls.ENOPROTOOPT, () -> true),
            ANY,
            null,
            true);
    InetSocketAddress same = port.localAddress();
    for (int i = 0; i < 2 * MANY; i++) {
      sendFirstMessages(1);
      assertEquals(PacketHeader.FIRST_MESSAGE, receive());
    }
    assertTrue(port.description().contains("no socket of their own"), port.description());
    assertEquals(Endpoint.NEVER, port.nextTimeoutNanos());
    assertNull(port.receive(slab, nowNanos));
    assertThrows(
        BindException.class, () -> LinuxDatagramPort.open(new LinuxCalls(), same, null, true));
  }
}
