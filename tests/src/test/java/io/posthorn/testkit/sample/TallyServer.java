package io.posthorn.testkit.sample;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.nio.ByteBuffer;

/** Adds up the numbers that one client sends, each once, and answers with the total. */
final class TallyServer {
  private TallyServer() {}

  static void serve(DatagramSocket socket) throws IOException {
    int newest = 0;
    long total = 0;
    DatagramPacket packet = new DatagramPacket(new byte[12], 12);
    while (true) {
      socket.receive(packet);
      ByteBuffer message = ByteBuffer.wrap(packet.getData());
      int serial = message.getInt(0);
      if (serial == newest + 1) { // a new question; else it is an old one again
        newest = serial;
        total += message.getInt(4);
      }
      message.putInt(0, newest).putLong(4, total);
      packet.setLength(12);
      socket.send(packet);
    }
  }
}
