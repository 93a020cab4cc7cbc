package io.posthorn.bench.stack;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;

/**
 * UDP as the JDK gives it: one system call a datagram, nothing promised. By {@code /spin} both ends
 * of a ping-pong spin, until the other one is plainly not at it: idle, they leave the processor to
 * the other contenders.
 */
final class DatagramContender implements Contender {
  private static final long SPIN_NANOS = 100_000;

  private final String name;
  private final Arrivals arrivals = new Arrivals();
  private final DatagramChannel channelOut;
  private final DatagramChannel channelIn;
  private final DatagramSocket socketOut;
  private final DatagramSocket socketIn;
  private final DatagramPacket packet;
  private final DatagramPacket back;
  private final ByteBuffer message;
  private final ByteBuffer answer;
  private final InetSocketAddress to;
  private final boolean spins;

  DatagramContender(String name, int messageBytes, boolean pingPong) throws IOException {
    this.name = name;
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    channelOut = DatagramChannel.open().bind(any);
    channelIn = DatagramChannel.open().bind(any);
    channelIn.setOption(java.net.StandardSocketOptions.SO_RCVBUF, 4 << 20);
    socketOut = new DatagramSocket(any);
    socketIn = new DatagramSocket(any);
    to = (InetSocketAddress) channelIn.getLocalAddress();
    message = ByteBuffer.allocateDirect(messageBytes);
    answer = ByteBuffer.allocateDirect(messageBytes);
    spins = pingPong && name.contains("/spin");
    if (spins) {
      channelOut.configureBlocking(false);
      channelIn.configureBlocking(false);
    }
    packet =
        new DatagramPacket(new byte[messageBytes], messageBytes, socketIn.getLocalSocketAddress());
    back = new DatagramPacket(new byte[messageBytes], messageBytes);
    Threads.start(name, spins ? this::echoSpinning : pingPong ? this::echo : this::count);
  }

  private void echo() throws IOException {
    DatagramPacket in = new DatagramPacket(new byte[65_536], 65_536);
    while (true) {
      socketIn.receive(in);
      socketIn.send(in);
    }
  }

  private void echoSpinning() throws IOException {
    ByteBuffer in = ByteBuffer.allocateDirect(message.capacity());
    while (true) {
      SocketAddress from = receive(channelIn, in);
      channelIn.send(in.flip(), from);
    }
  }

  private static SocketAddress receive(DatagramChannel channel, ByteBuffer in) throws IOException {
    in.clear();
    long until = System.nanoTime() + SPIN_NANOS;
    SocketAddress from = channel.receive(in);
    while (from == null && System.nanoTime() < until) {
      Thread.onSpinWait();
      from = channel.receive(in);
    }
    if (from == null) {
      channel.configureBlocking(true);
      from = channel.receive(in);
      channel.configureBlocking(false);
    }
    return from;
  }

  private void count() throws IOException {
    ByteBuffer in = ByteBuffer.allocateDirect(65_536);
    while (true) {
      in.clear();
      channelIn.receive(in);
      arrivals.add(1);
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void send() throws IOException {
    message.clear();
    channelOut.send(message, to);
  }

  @Override
  public long received() {
    return arrivals.get();
  }

  @Override
  public boolean isLossy() {
    return true;
  }

  @Override
  public void roundTrip() throws IOException {
    if (spins) {
      send();
      SocketAddress unused = receive(channelOut, answer);
      return;
    }
    socketOut.send(packet);
    socketOut.receive(back);
  }

  @Override
  public void close() throws IOException {
    channelOut.close();
    channelIn.close();
    socketOut.close();
    socketIn.close();
  }
}
