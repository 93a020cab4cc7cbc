package io.posthorn.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.posthorn.ReliableDatagramSocket;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.net.SocketException;

/** The class under test and, as the control of the tests themselves, the JDK's own. */
enum SocketKind {
  JDK {
    @Override
    DatagramSocket open() throws SocketException {
      return new DatagramSocket();
    }

    @Override
    DatagramSocket open(int port) throws SocketException {
      return new DatagramSocket(port);
    }

    @Override
    DatagramSocket open(int port, InetAddress address) throws SocketException {
      return new DatagramSocket(port, address);
    }

    @Override
    DatagramSocket open(SocketAddress address) throws SocketException {
      return new DatagramSocket(address);
    }
  },
  RELIABLE {
    @Override
    DatagramSocket open() throws SocketException {
      return new ReliableDatagramSocket();
    }

    @Override
    DatagramSocket open(int port) throws SocketException {
      return new ReliableDatagramSocket(port);
    }

    @Override
    DatagramSocket open(int port, InetAddress address) throws SocketException {
      return new ReliableDatagramSocket(port, address);
    }

    @Override
    DatagramSocket open(SocketAddress address) throws SocketException {
      return new ReliableDatagramSocket(address);
    }
  };

  /** So long does a test wait for what must come. */
  static final int LONG_MILLIS = 20_000;

  static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  /** An address of a kind that no datagram socket knows. */
  static final class OtherAddress extends SocketAddress {
    private static final long serialVersionUID = 1L;
  }

  abstract DatagramSocket open() throws SocketException;

  abstract DatagramSocket open(int port) throws SocketException;

  abstract DatagramSocket open(int port, InetAddress address) throws SocketException;

  abstract DatagramSocket open(SocketAddress address) throws SocketException;

  DatagramSocket onLoopback() throws SocketException {
    DatagramSocket socket = open(0, LOOPBACK);
    socket.setSoTimeout(LONG_MILLIS);
    return socket;
  }

  DatagramSocket unbound() throws SocketException {
    return open((SocketAddress) null);
  }

  static void send(DatagramSocket from, DatagramSocket to, String text) throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    from.send(new DatagramPacket(bytes, bytes.length, LOOPBACK, to.getLocalPort()));
  }

  static DatagramPacket receive(DatagramSocket socket) throws IOException {
    DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
    socket.receive(packet);
    return packet;
  }

  static String text(DatagramPacket packet) {
    return new String(packet.getData(), packet.getOffset(), packet.getLength(), UTF_8);
  }
}
