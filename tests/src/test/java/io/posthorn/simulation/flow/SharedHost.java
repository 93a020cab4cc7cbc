package io.posthorn.simulation.flow;

import io.posthorn.simulation.SimulatedHost;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * Several hosts at one address, so that their datagrams share one link and its queue. A byte in
 * front of each datagram tells which of them it is for.
 */
final class SharedHost implements SimulatedHost {
  private final List<SimulatedHost> hosts = new ArrayList<>();
  private final ByteBuffer prefixed = ByteBuffer.allocate(1 << 16);
  private int ecn;

  void add(SimulatedHost host) {
    hosts.add(host);
  }

  @Override
  public void onDatagram(ByteBuffer datagram, InetSocketAddress from, long nowNanos) {
    onDatagram(datagram, from, 0, nowNanos);
  }

  @Override
  public void onDatagram(ByteBuffer datagram, InetSocketAddress from, int ecn, long nowNanos) {
    int index = datagram.get();
    hosts.get(index).onDatagram(datagram, from, ecn, nowNanos);
  }

  @Override
  public int transmitEcn() {
    return ecn;
  }

  @Override
  public void onTimeout(long nowNanos) {
    for (SimulatedHost host : hosts) {
      if (host.nextTimeoutNanos() <= nowNanos) {
        host.onTimeout(nowNanos);
      }
    }
  }

  @Override
  public long nextTimeoutNanos() {
    long next = Long.MAX_VALUE;
    for (SimulatedHost host : hosts) {
      next = Math.min(next, host.nextTimeoutNanos());
    }
    return next;
  }

  @Override
  public void pollTransmit(BiConsumer<ByteBuffer, InetSocketAddress> out, long nowNanos) {
    for (int i = 0; i < hosts.size(); i++) {
      byte index = (byte) i;
      hosts
          .get(i)
          .pollTransmit(
              (datagram, to) -> {
                ecn = hosts.get(index).transmitEcn();
                prefixed.clear().put(index).put(datagram).flip();
                out.accept(prefixed, to);
              },
              nowNanos);
    }
  }
}
