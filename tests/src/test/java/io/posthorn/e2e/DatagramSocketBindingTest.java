package io.posthorn.e2e;

import static io.posthorn.e2e.SocketKind.LOOPBACK;
import static io.posthorn.e2e.SocketKind.receive;
import static io.posthorn.e2e.SocketKind.send;
import static io.posthorn.e2e.SocketKind.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What the documentation of {@link DatagramSocket} promises, clause by clause, of the drop-in and
 * of the JDK's own class over the loopback device: constructors and binding.
 */
@SuppressWarnings("try") // what close() does in the middle is part of the contract
class DatagramSocketBindingTest {
  @ParameterizedTest
  @EnumSource
  void constructorsBindToWhatTheyAreGiven(SocketKind kind) throws Exception {
    try (DatagramSocket any = kind.open();
        DatagramSocket zero = kind.open(0);
        DatagramSocket loopback = kind.open(0, LOOPBACK);
        DatagramSocket everywhere = kind.open(0, null);
        DatagramSocket address = kind.open(new InetSocketAddress(LOOPBACK, 0))) {
      for (DatagramSocket socket : List.of(any, zero, loopback, everywhere, address)) {
        assertTrue(socket.isBound());
        assertFalse(socket.isConnected());
        assertFalse(socket.isClosed());
        assertNotEquals(0, socket.getLocalPort());
        assertEquals(
            new InetSocketAddress(socket.getLocalAddress(), socket.getLocalPort()),
            socket.getLocalSocketAddress());
      }
      assertTrue(any.getLocalAddress().isAnyLocalAddress());
      assertTrue(zero.getLocalAddress().isAnyLocalAddress());
      assertTrue(everywhere.getLocalAddress().isAnyLocalAddress());
      assertEquals(LOOPBACK, loopback.getLocalAddress());
      assertEquals(LOOPBACK, address.getLocalAddress());
    }
  }

  @ParameterizedTest
  @EnumSource
  void constructorsRefuseWhatCannotBeBound(SocketKind kind) throws Exception {
    assertThrows(IllegalArgumentException.class, () -> kind.open(-1));
    assertThrows(IllegalArgumentException.class, () -> kind.open(65_536));
    assertThrows(IllegalArgumentException.class, () -> kind.open(65_536, LOOPBACK));
    assertThrows(IllegalArgumentException.class, () -> kind.open(new SocketKind.OtherAddress()));
    InetAddress notHere = InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 1});
    assertThrows(SocketException.class, () -> kind.open(0, notHere));
    try (DatagramSocket first = kind.onLoopback()) {
      assertThrows(SocketException.class, () -> kind.open(first.getLocalPort(), LOOPBACK));
    }
  }

  @ParameterizedTest
  @EnumSource
  void portGivenIsThePortBound(SocketKind kind) throws Exception {
    int port;
    try (DatagramSocket first = kind.open()) {
      port = first.getLocalPort();
    }
    try (DatagramSocket second = kind.open(port)) {
      assertEquals(port, second.getLocalPort());
    }
  }

  @ParameterizedTest
  @EnumSource
  void nullAddressLeavesTheSocketUnbound(SocketKind kind) throws Exception {
    try (DatagramSocket socket = kind.unbound()) {
      assertFalse(socket.isBound());
      assertEquals(0, socket.getLocalPort());
      assertTrue(socket.getLocalAddress().isAnyLocalAddress());
      assertNull(socket.getLocalSocketAddress());
      socket.bind(new InetSocketAddress(LOOPBACK, 0));
      assertTrue(socket.isBound());
      assertEquals(LOOPBACK, socket.getLocalAddress());
      assertNotEquals(0, socket.getLocalPort());
      assertThrows(SocketException.class, () -> socket.bind(new InetSocketAddress(LOOPBACK, 0)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void bindTakesNullForAnyAddressAndRefusesOthers(SocketKind kind) throws Exception {
    try (DatagramSocket socket = kind.unbound()) {
      assertThrows(
          IllegalArgumentException.class, () -> socket.bind(new SocketKind.OtherAddress()));
      assertThrows(
          SocketException.class,
          () -> socket.bind(InetSocketAddress.createUnresolved("nowhere.invalid", 0)));
      assertFalse(socket.isBound());
      socket.bind(null);
      assertTrue(socket.isBound());
      assertTrue(socket.getLocalAddress().isAnyLocalAddress());
    }
    DatagramSocket closed = kind.unbound();
    closed.close();
    assertThrows(SocketException.class, () -> closed.bind(null));
  }

  @ParameterizedTest
  @EnumSource
  void unboundSocketIsBoundByItsFirstUse(SocketKind kind) throws Exception {
    try (DatagramSocket peer = kind.onLoopback();
        DatagramSocket sends = kind.unbound();
        DatagramSocket receives = kind.unbound();
        DatagramSocket connects = kind.unbound()) {
      send(sends, peer, "bound by send");
      assertTrue(sends.isBound());
      assertEquals(sends.getLocalPort(), receive(peer).getPort());
      connects.connect(peer.getLocalSocketAddress());
      assertTrue(connects.isBound());
      receives.setSoTimeout(1);
      assertThrows(SocketTimeoutException.class, () -> receive(receives));
      assertTrue(receives.isBound());
    }
  }

  @ParameterizedTest
  @EnumSource
  void blockedReceiverHindersNobody(SocketKind kind) throws Exception {
    try (DatagramSocket socket = kind.open(0, LOOPBACK);
        DatagramSocket peer = kind.onLoopback()) {
      BlockedReceiver receiving = new BlockedReceiver(socket);
      assertEquals(-1, socket.getPort());
      assertEquals(0, socket.getSoTimeout());
      assertTrue(socket.getReceiveBufferSize() > 0);
      send(socket, peer, "sent meanwhile");
      assertEquals("sent meanwhile", text(receive(peer)));
      socket.close();
      assertInstanceOf(SocketException.class, receiving.end());
    }
  }
}
