package io.posthorn.runtime;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.io.DatagramPort;
import java.io.IOException;

/** Moves datagrams from the endpoint to the port; keeps what the port had no room for. */
final class TransmitQueue {
  private final Endpoint endpoint;
  private final DatagramPort port;
  private final TransmitBatch batch = new TransmitBatch();
  private int segments;
  private int sent;

  TransmitQueue(Endpoint endpoint, DatagramPort port) {
    this.endpoint = endpoint;
    this.port = port;
  }

  /**
   * Sends until the endpoint has nothing that may leave now, or the port has no room.
   *
   * @return whether the port was asked at all
   */
  boolean transmit(long now) throws IOException {
    boolean asked = false;
    while (true) {
      if (sent < segments) {
        asked = true;
        sent += port.send(batch, sent, now);
        if (sent < segments) {
          return true;
        }
      }
      if (!endpoint.pollTransmit(batch, now)) {
        return asked;
      }
      sent = 0;
      segments = batch.segments();
    }
  }

  /** Whether the port had no room for all. */
  boolean isBlocked() {
    return sent < segments;
  }

  boolean isEmpty() {
    return sent == segments;
  }
}
