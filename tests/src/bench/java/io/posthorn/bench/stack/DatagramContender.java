package io.posthorn.bench.stack;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;

/** UDP as the JDK gives it: one system call a datagram, nothing promised. */
final class DatagramContender implements Contender {
  private final String name;
  private final Arrivals arrivals = new Arrivals();
  private final DatagramChannel channelOut;
  private final DatagramChannel channelIn;
  private final DatagramSocket socketOut;
  private final DatagramSocket socketIn;
  private final DatagramPacket packet;
  private final DatagramPacket back;
  private final ByteBuffer message;
  private final InetSocketAddress to;

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
    packet =
        new DatagramPacket(new byte[messageBytes], messageBytes, socketIn.getLocalSocketAddress());
    back = new DatagramPacket(new byte[messageBytes], messageBytes);
    Threads.start(name, pingPong ? this::echo : this::count);
  }

  private void echo() throws IOException {
    DatagramPacket in = new DatagramPacket(new byte[65_536], 65_536);
    while (true) {
      socketIn.receive(in);
      socketIn.send(in);
    }
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
