package io.posthorn.e2e;

import static io.posthorn.e2e.SocketKind.LOOPBACK;
import static io.posthorn.e2e.SocketKind.receive;
import static io.posthorn.e2e.SocketKind.send;
import static io.posthorn.e2e.SocketKind.text;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What the documentation of {@link DatagramSocket} promises, clause by clause, of the drop-in and
 * of the JDK's own class over the loopback device: connecting and options.
 */
@SuppressWarnings("try") // what close() does in the middle is part of the contract
class DatagramSocketOptionsTest {
  @ParameterizedTest
  @EnumSource
  void connectedSocketHearsAndSpeaksToItsPeerAlone(SocketKind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback();
        DatagramSocket peer = kind.onLoopback();
        DatagramSocket stranger = kind.onLoopback()) {
      a.connect(LOOPBACK, peer.getLocalPort());
      assertTrue(a.isConnected());
      assertEquals(LOOPBACK, a.getInetAddress());
      assertEquals(peer.getLocalPort(), a.getPort());
      assertEquals(peer.getLocalSocketAddress(), a.getRemoteSocketAddress());
      assertThrows(IllegalArgumentException.class, () -> send(a, stranger, "not to you"));
      DatagramPacket unaddressed = new DatagramPacket("to you".getBytes(UTF_8), 6);
      a.send(unaddressed);
      assertEquals("to you", text(receive(peer)));
      assertEquals(peer.getLocalSocketAddress(), unaddressed.getSocketAddress());
      send(a, peer, "and you");
      assertEquals("and you", text(receive(peer)));
      send(stranger, a, "unheard");
      send(peer, a, "heard");
      assertEquals("heard", text(receive(a)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void disconnectedSocketHearsEverybodyAgainButNotWhatWasSentMeanwhile(SocketKind kind)
      throws Exception {
    try (DatagramSocket a = kind.onLoopback();
        DatagramSocket peer = kind.onLoopback();
        DatagramSocket stranger = kind.onLoopback()) {
      a.connect(peer.getLocalSocketAddress());
      try (DatagramSocket early = kind.onLoopback()) {
        send(early, a, "unheard");
      } // which has arrived when its sender is closed
      send(peer, a, "first");
      assertEquals("first", text(receive(a)));
      send(peer, a, "second");
      a.disconnect();
      assertFalse(a.isConnected());
      assertNull(a.getInetAddress());
      assertEquals(-1, a.getPort());
      assertNull(a.getRemoteSocketAddress());
      a.disconnect();
      send(stranger, a, "heard");
      Set<String> heard = new HashSet<>();
      while (!heard.contains("heard")) { // the second may have been discarded
        heard.add(text(receive(a)));
      }
      assertFalse(heard.contains("unheard"), heard.toString());
      send(a, stranger, "free again");
      assertEquals("free again", text(receive(stranger)));
    }
  }

  @ParameterizedTest
  @EnumSource
  void connectAgainChangesThePeer(SocketKind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback();
        DatagramSocket first = kind.onLoopback();
        DatagramSocket second = kind.onLoopback()) {
      a.connect(first.getLocalSocketAddress());
      a.connect(second.getLocalSocketAddress());
      assertEquals(second.getLocalPort(), a.getPort());
      send(first, a, "unheard");
      send(second, a, "heard");
      assertEquals("heard", text(receive(a)));
      assertThrows(IllegalArgumentException.class, () -> send(a, first, "no more"));
    }
  }

  @ParameterizedTest
  @EnumSource
  void connectRefusesWhatIsNoPeer(SocketKind kind) throws Exception {
    try (DatagramSocket a = kind.onLoopback()) {
      assertThrows(IllegalArgumentException.class, () -> a.connect(null));
      assertThrows(IllegalArgumentException.class, () -> a.connect(null, 1));
      assertThrows(IllegalArgumentException.class, () -> a.connect(LOOPBACK, -1));
      assertThrows(IllegalArgumentException.class, () -> a.connect(LOOPBACK, 65_536));
      assertThrows(IllegalArgumentException.class, () -> a.connect(new SocketKind.OtherAddress()));
      assertThrows(
          SocketException.class,
          () -> a.connect(InetSocketAddress.createUnresolved("nowhere.invalid", 1)));
      assertThrows(UncheckedIOException.class, () -> a.connect(LOOPBACK, 0));
    }
  }

  @ParameterizedTest
  @EnumSource
  void bufferSizesAreHints(SocketKind kind) throws Exception {
    try (DatagramSocket socket = kind.unbound()) {
      socket.setSendBufferSize(200_000);
      socket.setReceiveBufferSize(300_000);
      assertTrue(socket.getSendBufferSize() > 0);
      assertTrue(socket.getReceiveBufferSize() > 0);
      assertThrows(IllegalArgumentException.class, () -> socket.setSendBufferSize(0));
      assertThrows(IllegalArgumentException.class, () -> socket.setReceiveBufferSize(-1));
      socket.bind(null);
      socket.setSendBufferSize(100_000);
      assertEquals(socket.getSendBufferSize(), socket.getOption(StandardSocketOptions.SO_SNDBUF));
      assertEquals(
          socket.getReceiveBufferSize(), socket.getOption(StandardSocketOptions.SO_RCVBUF));
    }
  }

  @ParameterizedTest
  @EnumSource
  void optionsOfTheContractAreSupported(SocketKind kind) throws Exception {
    try (DatagramSocket socket = kind.unbound()) {
      Set<SocketOption<?>> supported = socket.supportedOptions();
      assertTrue(
          supported.containsAll(
              Set.of(
                  StandardSocketOptions.SO_SNDBUF,
                  StandardSocketOptions.SO_RCVBUF,
                  StandardSocketOptions.SO_REUSEADDR,
                  StandardSocketOptions.SO_BROADCAST,
                  StandardSocketOptions.IP_TOS)));
      assertSame(socket, socket.setOption(StandardSocketOptions.SO_SNDBUF, 150_000));
      socket.setOption(StandardSocketOptions.SO_RCVBUF, 300_000);
      socket.setOption(StandardSocketOptions.SO_BROADCAST, false);
      assertFalse(socket.getBroadcast());
      assertFalse(socket.getOption(StandardSocketOptions.SO_BROADCAST));
      assertFalse(socket.getReuseAddress());
      socket.setReuseAddress(true); // may be ignored
      assertEquals(socket.getReuseAddress(), socket.getOption(StandardSocketOptions.SO_REUSEADDR));
      socket.setTrafficClass(0x10); // a hint
      assertEquals(socket.getTrafficClass(), socket.getOption(StandardSocketOptions.IP_TOS));
      assertThrows(IllegalArgumentException.class, () -> socket.setTrafficClass(256));
      assertThrows(IllegalArgumentException.class, () -> socket.setTrafficClass(-1));
      assertThrows(NullPointerException.class, () -> socket.setOption(null, 1));
      assertThrows(NullPointerException.class, () -> socket.getOption(null));
      assertThrows(
          IllegalArgumentException.class,
          () -> socket.setOption(StandardSocketOptions.SO_SNDBUF, null));
      assertThrows(
          UnsupportedOperationException.class,
          () -> socket.setOption(StandardSocketOptions.TCP_NODELAY, true));
      assertThrows(
          UnsupportedOperationException.class,
          () -> socket.getOption(StandardSocketOptions.TCP_NODELAY));
    }
  }

  @ParameterizedTest
  @EnumSource
  void groupsMustBeGroups(SocketKind kind) throws Exception {
    try (DatagramSocket socket = kind.onLoopback()) {
      assertThrows(IllegalArgumentException.class, () -> socket.joinGroup(null, null));
      assertThrows(IllegalArgumentException.class, () -> socket.leaveGroup(null, null));
      SocketAddress noGroup = new InetSocketAddress(LOOPBACK, 0);
      assertThrows(IOException.class, () -> socket.joinGroup(noGroup, null));
      assertThrows(IOException.class, () -> socket.leaveGroup(noGroup, null));
    }
  }

  @ParameterizedTest
  @EnumSource
  void socketWithoutChannelHasNone(SocketKind kind) throws Exception {
    try (DatagramSocket socket = kind.open()) {
      assertNull(socket.getChannel());
    }
  }
}
