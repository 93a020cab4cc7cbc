package io.posthorn.testkit.sample;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.SocketAddress;
import java.nio.ByteBuffer;

/** The example without its bug. */
public abstract class FixedTally extends TallyExample {
  @Override
  TallyClient tally(DatagramSocket socket, SocketAddress server) throws IOException {
    return new TallyClient(socket, server) {
      @Override
      boolean isAnswer(ByteBuffer message, int serial) {
        return message.getInt(0) == serial;
      }
    };
  }
}
