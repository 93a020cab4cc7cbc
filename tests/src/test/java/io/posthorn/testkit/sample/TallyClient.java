package io.posthorn.testkit.sample;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;

/** Has a server add up numbers; asks again until it is answered. */
class TallyClient {
  private final DatagramSocket socket;
  private final SocketAddress server;
  private int serial;

  TallyClient(DatagramSocket socket, SocketAddress server) throws IOException {
    this.socket = socket;
    this.server = server;
    socket.setSoTimeout(200);
  }

  /** The total after this number was added. */
  long add(int number) throws IOException {
    byte[] question = ByteBuffer.allocate(8).putInt(++serial).putInt(number).array();
    DatagramPacket answer = new DatagramPacket(new byte[12], 12);
    while (true) {
      socket.send(new DatagramPacket(question, question.length, server));
      try {
        do {
          socket.receive(answer);
        } while (!isAnswer(ByteBuffer.wrap(answer.getData()), serial));
        return ByteBuffer.wrap(answer.getData()).getLong(4);
      } catch (SocketTimeoutException lost) {
        // ask again
      }
    }
  }

  /** The bug: the answer to an earlier question may come late, or twice. */
  boolean isAnswer(ByteBuffer message, int serial) {
    return true;
  }
}
