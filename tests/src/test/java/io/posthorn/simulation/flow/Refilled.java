package io.posthorn.simulation.flow;

import io.posthorn.runtime.SimulatedEndpoint;
import io.posthorn.simulation.SimulatedHost;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.function.BiConsumer;
import java.util.function.LongConsumer;

/** A host whose application offers more before each time it is asked for datagrams. */
final class Refilled implements SimulatedHost {
  private final SimulatedEndpoint host;
  private final LongConsumer refill;

  Refilled(SimulatedEndpoint host, LongConsumer refill) {
    this.host = host;
    this.refill = refill;
  }

  @Override
  public void onDatagram(ByteBuffer datagram, InetSocketAddress from, long nowNanos) {
    host.onDatagram(datagram, from, nowNanos);
  }

  @Override
  public void onDatagram(ByteBuffer datagram, InetSocketAddress from, int ecn, long nowNanos) {
    host.onDatagram(datagram, from, ecn, nowNanos);
  }

  @Override
  public int transmitEcn() {
    return host.transmitEcn();
  }

  @Override
  public void onTimeout(long nowNanos) {
    host.onTimeout(nowNanos);
  }

  @Override
  public long nextTimeoutNanos() {
    return host.nextTimeoutNanos();
  }

  @Override
  public void pollTransmit(BiConsumer<ByteBuffer, InetSocketAddress> out, long nowNanos) {
    refill.accept(nowNanos);
    host.pollTransmit(out, nowNanos);
  }
}
