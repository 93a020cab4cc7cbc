package io.posthorn;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.wire.WireLimits;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;

/** Collects the parts of one message of plain mode, which leaves as one datagram at its end. */
final class DatagramParts implements MessageOutputStream.PartSender {
  private final MessageSocket socket;
  private final InetSocketAddress peer;
  private final ByteArrayOutputStream collected = new ByteArrayOutputStream();

  DatagramParts(MessageSocket socket, InetSocketAddress peer) {
    this.socket = socket;
    this.peer = peer;
  }

  @Override
  public boolean send(byte[] part, boolean more, long writtenBytes) throws IOException {
    if (writtenBytes > WireLimits.MAX_DATAGRAM_BYTES) {
      throw socket
          .refusals()
          .refusal(SendOutcome.TOO_LARGE, peer, Endpoint.NO_CONNECTION, null, writtenBytes);
    }
    collected.writeBytes(part);
    if (!more) {
      socket.send(peer, collected.toByteArray());
    }
    return true;
  }

  @Override
  public void abort() {
    collected.reset();
  }

  @Override
  public void release() {
    collected.reset();
  }
}
