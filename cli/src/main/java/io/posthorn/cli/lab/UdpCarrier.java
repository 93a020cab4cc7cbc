package io.posthorn.cli.lab;

import io.posthorn.cli.compare.Carrier;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;

/** Bare UDP: what the network does to datagrams when nobody repairs it. */
final class UdpCarrier implements Carrier {
  private static final int RECEIVE_BUFFER_BYTES = 4 << 20;

  private final DatagramSocket sender;
  private final DatagramSocket receiver;

  private UdpCarrier(DatagramSocket sender, DatagramSocket receiver) {
    this.sender = sender;
    this.receiver = receiver;
  }

  static UdpCarrier open(InetSocketAddress listen, InetAddress target, FlowRequest request)
      throws IOException {
    DatagramSocket receiver = new DatagramSocket(listen);
    DatagramSocket sender = null;
    try {
      receiver.setReceiveBufferSize(RECEIVE_BUFFER_BYTES);
      sender = new DatagramSocket();
      sender.connect(new InetSocketAddress(target, receiver.getLocalPort()));
      return new UdpCarrier(sender, receiver);
    } catch (IOException failed) {
      if (sender != null) {
        sender.close();
      }
      receiver.close();
      throw failed;
    }
  }

  @Override
  public void send(byte[] message, int lengthBytes) throws IOException {
    sender.send(new DatagramPacket(message, lengthBytes));
  }

  @Override
  public int receive(byte[] into, long timeoutNanos) throws IOException {
    receiver.setSoTimeout((int) Math.max(1, TimeUnit.NANOSECONDS.toMillis(timeoutNanos)));
    DatagramPacket packet = new DatagramPacket(into, into.length);
    try {
      receiver.receive(packet);
    } catch (SocketTimeoutException nothingCame) {
      return NOTHING;
    }
    return packet.getLength();
  }

  @Override
  public boolean resends() {
    return false;
  }

  @Override
  public long retransmissions() {
    return 0;
  }

  @Override
  public String congestionController() {
    return "";
  }

  @Override
  public void close() {
    sender.close();
    receiver.close();
  }
}
