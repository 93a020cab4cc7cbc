package io.posthorn;

import io.posthorn.protocol.ReceivedMessage;

/** One whose connection ended so long ago that nothing is known of it. */
public final class ForgottenPeer {
  private ForgottenPeer() {}

  /** A message that it had sent, and that a socket received. */
  public static Message message(MessageSocket socket, byte[] body) {
    ReceivedMessage received =
        new ReceivedMessage(
            1, socket.localAddress(), 0, Delivery.RELIABLE_ORDERED, 0, body, false, false);
    return new Message(socket, received, null);
  }
}
