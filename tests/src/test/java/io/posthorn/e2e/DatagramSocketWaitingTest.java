package io.posthorn.e2e;

import static io.posthorn.e2e.SocketKind.LONG_MILLIS;
import static io.posthorn.e2e.SocketKind.LOOPBACK;
import static io.posthorn.e2e.SocketKind.receive;
import static io.posthorn.e2e.SocketKind.send;
import static io.posthorn.e2e.SocketKind.text;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What the documentation of {@link DatagramSocket} promises, clause by clause, of the drop-in and
 * of the JDK's own class over the loopback device: time-outs, interrupts and the end.
 */
@SuppressWarnings("try") // what close() does in the middle is part of the contract
class DatagramSocketWaitingTest {
  @ParameterizedTest
  @EnumSource
  void timeoutEndsReceiveAndLeavesTheSocketUsable(SocketKind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback();
        DatagramSocket b = kind.onLoopback()) {
      b.setSoTimeout(30);
      assertEquals(30, b.getSoTimeout());
      DatagramPacket packet = new DatagramPacket(new byte[7], 7);
      long before = System.nanoTime();
      assertThrows(SocketTimeoutException.class, () -> b.receive(packet));
      assertTrue(System.nanoTime() - before >= 29_000_000, "too early");
      assertEquals(7, packet.getLength());
      b.setSoTimeout(LONG_MILLIS);
      send(a, b, "late");
      b.receive(packet);
      assertEquals("late", text(packet));
      assertThrows(IllegalArgumentException.class, () -> b.setSoTimeout(-1));
      b.setSoTimeout(0);
      assertEquals(0, b.getSoTimeout());
    }
  }

  @ParameterizedTest
  @EnumSource
  void interruptDoesNotEndReceiveAndStaysSet(SocketKind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback();
        DatagramSocket b = kind.onLoopback()) {
      BlockedReceiver receiving = new BlockedReceiver(b);
      receiving.thread.interrupt();
      send(a, b, "after the interrupt");
      assertNull(receiving.end());
      assertEquals("after the interrupt", text(receiving.packet));
      assertTrue(receiving.wasInterrupted);
      send(a, b, "still open");
      assertEquals("still open", text(receive(b)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void closeWakesEveryBlockedReceiver(SocketKind kind) throws Exception {
    DatagramSocket socket = kind.open(0, LOOPBACK);
    BlockedReceiver first = new BlockedReceiver(socket);
    BlockedReceiver second = new BlockedReceiver(socket);
    socket.close();
    assertInstanceOf(SocketException.class, first.end());
    assertInstanceOf(SocketException.class, second.end());
  }

  @ParameterizedTest
  @EnumSource
  void closedSocketAnswersAsTheContractSays(SocketKind kind) throws Exception {
    try (DatagramSocket peer = kind.onLoopback()) {
      DatagramSocket socket = kind.onLoopback();
      socket.connect(peer.getLocalSocketAddress());
      socket.close();
      socket.close();
      assertTrue(socket.isClosed());
      assertTrue(socket.isBound());
      assertTrue(socket.isConnected());
      assertEquals(LOOPBACK, socket.getInetAddress());
      assertEquals(peer.getLocalPort(), socket.getPort());
      assertEquals(peer.getLocalSocketAddress(), socket.getRemoteSocketAddress());
      assertEquals(-1, socket.getLocalPort());
      assertNull(socket.getLocalAddress());
      assertNull(socket.getLocalSocketAddress());
      assertThrows(SocketException.class, () -> send(socket, peer, "too late"));
      assertThrows(SocketException.class, () -> receive(socket));
      assertThrows(SocketException.class, () -> socket.bind(null));
      assertThrows(SocketException.class, () -> socket.setSoTimeout(1));
      assertThrows(SocketException.class, socket::getSoTimeout);
      assertThrows(SocketException.class, () -> socket.setSendBufferSize(1_000));
      assertThrows(SocketException.class, socket::getSendBufferSize);
      assertThrows(SocketException.class, () -> socket.setReceiveBufferSize(1_000));
      assertThrows(SocketException.class, socket::getReceiveBufferSize);
      assertThrows(SocketException.class, () -> socket.setReuseAddress(true));
      assertThrows(SocketException.class, socket::getReuseAddress);
      assertThrows(SocketException.class, () -> socket.setBroadcast(false));
      assertThrows(SocketException.class, socket::getBroadcast);
      assertThrows(SocketException.class, () -> socket.setTrafficClass(0));
      assertThrows(SocketException.class, socket::getTrafficClass);
      assertThrows(
          IOException.class, () -> socket.setOption(StandardSocketOptions.SO_SNDBUF, 1_000));
      assertThrows(IOException.class, () -> socket.getOption(StandardSocketOptions.SO_SNDBUF));
      assertFalse(socket.supportedOptions().isEmpty());
      assertDoesNotThrow(() -> socket.connect(peer.getLocalSocketAddress()));
      assertDoesNotThrow(socket::disconnect);
      assertTrue(socket.isConnected());
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatWasSentBeforeCloseArrives(SocketKind kind) throws Exception {
    try (DatagramSocket peer = kind.onLoopback()) {
      try (DatagramSocket socket = kind.onLoopback()) {
        send(socket, peer, "last words");
      }
      assertEquals("last words", text(receive(peer)));
    }
  }
}
