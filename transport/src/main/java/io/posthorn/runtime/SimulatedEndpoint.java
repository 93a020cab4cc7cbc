package io.posthorn.runtime;

import io.posthorn.EcnMark;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.simulation.SimulatedHost;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * An endpoint of Posthorn as a host of the simulated network: the same code that runs on real
 * sockets, with virtual time. Not thread-safe, as the network.
 */
public final class SimulatedEndpoint implements SimulatedHost {
  private final Endpoint endpoint;
  private final TransmitBatch batch = new TransmitBatch();
  private final Consumer<ReceivedMessage> onMessage;
  private final Consumer<EndpointEvent> onEvent;
  private boolean reading = true;

  /**
   * Adapts an endpoint.
   *
   * @param onMessage the application, called in virtual time; while {@link #pauseReading} holds,
   *     messages stay in the endpoint
   * @param onEvent told of connections, receipts and the like
   */
  public SimulatedEndpoint(
      Endpoint endpoint, Consumer<ReceivedMessage> onMessage, Consumer<EndpointEvent> onEvent) {
    this.endpoint = endpoint;
    this.onMessage = onMessage;
    this.onEvent = onEvent;
  }

  /** The endpoint; after an input to it from outside, wake the host in its network. */
  public Endpoint endpoint() {
    return endpoint;
  }

  /** The application stops taking messages. */
  public void pauseReading() {
    reading = false;
  }

  /** The application takes messages again; wake the host in its network afterwards. */
  public void resumeReading() {
    reading = true;
  }

  @Override
  public void onDatagram(ByteBuffer datagram, InetSocketAddress from, long nowNanos) {
    endpoint.onDatagram(datagram, from, EcnMark.UNKNOWN, nowNanos);
  }

  @Override
  public void onDatagram(ByteBuffer datagram, InetSocketAddress from, int ecn, long nowNanos) {
    endpoint.onDatagram(datagram, from, EcnMark.ofCodepoint(ecn), nowNanos);
  }

  @Override
  public int transmitEcn() {
    return batch.mark().codepoint();
  }

  @Override
  public void onTimeout(long nowNanos) {
    endpoint.onTimeout(nowNanos);
  }

  @Override
  public long nextTimeoutNanos() {
    return endpoint.nextTimeoutNanos();
  }

  @Override
  public void pollTransmit(BiConsumer<ByteBuffer, InetSocketAddress> out, long nowNanos) {
    while (reading) {
      ReceivedMessage message = endpoint.pollMessage(nowNanos);
      if (message == null) {
        break;
      }
      onMessage.accept(message);
    }
    for (EndpointEvent event = endpoint.pollEvent(); event != null; event = endpoint.pollEvent()) {
      onEvent.accept(event);
    }
    while (endpoint.pollTransmit(batch, nowNanos)) {
      for (int i = 0; i < batch.segments(); i++) {
        out.accept(batch.segment(i), batch.peer());
      }
    }
  }
}
