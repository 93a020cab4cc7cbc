package io.posthorn.simulation;

import io.posthorn.Delivery;
import io.posthorn.Mode;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.runtime.SimulatedEndpoint;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Two reliable endpoints, a and b, on one simulated network, and what happened at each. */
final class TwoHosts {
  static final InetSocketAddress A = address(1, 4001);
  static final InetSocketAddress B = address(2, 4002);

  final SimulatedNetwork network;
  final Side a;
  final Side b;

  TwoHosts(long seed, LinkConditions conditions, SocketOptions options) {
    network = SimulatedNetwork.seeded(seed).link(conditions);
    a = new Side(A, options, seed * 2 + 1);
    b = new Side(B, options, seed * 2 + 2);
    network.attach(A, a.host);
    network.attach(B, b.host);
  }

  static InetSocketAddress address(int last, int port) {
    try {
      return new InetSocketAddress(
          InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) last}), port);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  static SocketOptions options() {
    return SocketOptions.defaults(Mode.RELIABLE);
  }

  /** A body of this size that begins with a number. */
  static byte[] numbered(long number, int size) {
    byte[] body = new byte[Math.max(8, size)];
    new SplittableRandom(number).nextBytes(body);
    ByteBuffer.wrap(body).putLong(0, number);
    return body;
  }

  static long number(byte[] body) {
    return ByteBuffer.wrap(body).getLong(0);
  }

  /** One end: its endpoint, what it received, what it was told. */
  final class Side {
    final InetSocketAddress address;
    final SimulatedEndpoint host;
    final List<ReceivedMessage> received = new ArrayList<>();
    final List<EndpointEvent> events = new ArrayList<>();
    private final ArrayDeque<OutgoingMessage> blocked = new ArrayDeque<>();

    Side(InetSocketAddress address, SocketOptions options, long seed) {
      this.address = address;
      SplittableRandom random = new SplittableRandom(seed);
      Endpoint endpoint = new ReliableEndpoint(options, random, address::equals);
      host =
          new SimulatedEndpoint(
              endpoint,
              received::add,
              event -> {
                events.add(event);
                if (event instanceof EndpointEvent.Writable) {
                  flush();
                }
              });
    }

    void send(InetSocketAddress to, int channel, Delivery delivery, byte[] body) {
      send(to, channel, delivery, -1, body, null);
    }

    void send(
        InetSocketAddress to,
        int channel,
        Delivery delivery,
        long key,
        byte[] body,
        @Nullable Object receipt) {
      blocked.add(
          new OutgoingMessage(
              0, to, channel, delivery, key, body, false, Endpoint.NEVER, false, receipt));
      flush();
    }

    /** Sends what waits, until it blocks. */
    private void flush() {
      while (!blocked.isEmpty()) {
        SendOutcome outcome = host.endpoint().send(blocked.peek(), network.nowNanos());
        if (outcome == SendOutcome.BLOCKED) {
          break;
        }
        if (outcome != SendOutcome.ACCEPTED) {
          throw new AssertionError("send answered " + outcome);
        }
        blocked.remove();
      }
      network.wake(address);
    }

    boolean isBlocked() {
      return !blocked.isEmpty();
    }

    <T extends EndpointEvent> List<T> events(Class<T> type) {
      List<T> found = new ArrayList<>();
      for (EndpointEvent event : events) {
        if (type.isInstance(event)) {
          found.add(type.cast(event));
        }
      }
      return found;
    }
  }
}
