package io.posthorn;

import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.runtime.ConnectionRecord;
import java.io.IOException;

/** Sends the parts of one message over one connection. */
final class ConnectionParts implements MessageOutputStream.PartSender {
  private final MessageSocket socket;
  private final ConnectionRecord connection;
  private final int channel;
  private final OpenStreams.Claim claim;

  ConnectionParts(
      MessageSocket socket, ConnectionRecord connection, int channel, OpenStreams.Claim claim) {
    this.socket = socket;
    this.connection = connection;
    this.channel = channel;
    this.claim = claim;
  }

  @Override
  public boolean send(byte[] part, boolean more, long writtenBytes) throws IOException {
    OutgoingMessage message =
        OutgoingMessage.part(connection.handle(), connection.peer(), channel, part, more);
    SendOutcome outcome = socket.drivers().send(message);
    if (outcome == SendOutcome.TOO_SMALL) {
      return false;
    }
    if (outcome != SendOutcome.ACCEPTED) {
      throw socket
          .refusals()
          .refusal(outcome, connection.peer(), connection.handle(), connection, writtenBytes);
    }
    return true;
  }

  @Override
  public void abort() {
    socket.drivers().abortStream(connection, channel);
  }

  @Override
  public void release() {
    socket.sending().endStream(claim);
  }
}
