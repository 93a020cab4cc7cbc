package io.posthorn.cli.session;

import io.posthorn.Message;
import io.posthorn.MessageSocket;
import java.io.IOException;
import java.net.InetSocketAddress;

/** Datagrams to and from one address; what others send is not for this session. */
public final class PlainLine implements SessionLine {
  /** Passes nearly everywhere without fragments. */
  private static final int LARGEST_BYTES = 1_200;

  private final MessageSocket socket;
  private final InetSocketAddress peer;

  /** Over a plain socket of its own. */
  public PlainLine(MessageSocket socket, InetSocketAddress peer) {
    this.socket = socket;
    this.peer = peer;
  }

  @Override
  public int largestBytes() {
    return LARGEST_BYTES;
  }

  @Override
  public void send(byte[] bytes) throws IOException {
    socket.send(peer, bytes);
  }

  @Override
  public boolean sendEnd() {
    return false;
  }

  @Override
  public Message receive() throws IOException {
    while (true) {
      Message message = socket.receive();
      if (message.from().equals(peer)) {
        return message;
      }
    }
  }

  @Override
  public Application peer() {
    return Application.OTHER;
  }
}
