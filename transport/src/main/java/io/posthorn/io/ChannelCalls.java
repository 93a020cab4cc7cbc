package io.posthorn.io;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import org.jspecify.annotations.Nullable;

/**
 * What {@link NioDatagramPort} asks of its channel; instance methods, so that a test can refuse.
 */
class ChannelCalls {
  int send(DatagramChannel channel, ByteBuffer datagram, SocketAddress to) throws IOException {
    return channel.send(datagram, to);
  }

  @Nullable SocketAddress receive(DatagramChannel channel, ByteBuffer into) throws IOException {
    return channel.receive(into);
  }
}
