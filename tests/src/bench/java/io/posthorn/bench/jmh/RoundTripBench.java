package io.posthorn.bench.jmh;

import io.posthorn.EcnMark;
import io.posthorn.MessageSocket;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.ReceivedMessage;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * What the protocol costs of a message there and back, without sockets and threads: two endpoints
 * that are asked what a socket's loop asks them.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RoundTripBench {
  private static final int MESSAGE_BYTES = 64;
  private static final long TURN_NANOS = 15_000;

  @Param({"clear", "sealed"})
  public String protection;

  /** One side, and where its datagrams go. */
  private static final class Side {
    final ReliableEndpoint endpoint;
    final TransmitBatch batch = new TransmitBatch();
    final InetSocketAddress own;
    final byte[] message = new byte[MESSAGE_BYTES + 2];
    long connection;
    Side other;
    ReceivedMessage received;

    Side(SocketOptions options, int seed, int port) {
      endpoint = new ReliableEndpoint(options, new SplittableRandom(seed), any -> false);
      own = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
      message[0] = 0x40;
      message[1] = (byte) (MESSAGE_BYTES * 2);
    }

    /** What a loop does after anything happened. */
    void afterInput(long nowNanos) {
      while (endpoint.pollTransmit(batch, nowNanos)) {
        for (int i = 0; i < batch.segments(); i++) {
          other.onDatagram(batch.segment(i), own, nowNanos);
        }
      }
      for (EndpointEvent e = endpoint.pollEvent(); e != null; e = endpoint.pollEvent()) {
        if (e instanceof EndpointEvent.Connected connected) {
          connection = connected.connection();
        }
      }
    }

    void onDatagram(ByteBuffer datagram, InetSocketAddress from, long nowNanos) {
      endpoint.onDatagram(datagram, from, EcnMark.NOT_ECT, nowNanos);
      if (endpoint.nextTimeoutNanos() <= nowNanos) {
        endpoint.onTimeout(nowNanos);
      }
    }

    /** A thread that waits takes its message. */
    void receive(long nowNanos) {
      afterInput(nowNanos);
      received = endpoint.pollMessage(nowNanos);
      afterInput(nowNanos);
    }

    /** As a lane does it. */
    void send(long nowNanos) {
      int taken =
          endpoint.sendRun(connection, other.own, 0, message, 0, message.length, false, nowNanos);
      if (taken != message.length) {
        throw new IllegalStateException("took " + taken);
      }
      afterInput(nowNanos);
    }
  }

  private Side client;
  private Side server;
  private long now;

  /** Opens a connection. */
  @Setup
  public void open() {
    SocketOptions options =
        MessageSocket.builder()
            .security(protection.equals("clear") ? Security.none() : Security.ephemeral())
            .options();
    client = new Side(options, 1, 9_001);
    server = new Side(options, 2, 9_002);
    client.other = server;
    server.other = client;
    client.endpoint.send(OutgoingMessage.ordered(0, server.own, new byte[MESSAGE_BYTES]), now);
    for (int turns = 0; turns < 10; turns++) {
      now += TURN_NANOS;
      client.receive(now);
      server.receive(now);
    }
    if (client.connection == 0 || server.connection == 0) {
      throw new IllegalStateException("no connection was opened");
    }
  }

  /** A message of 64 bytes, and one back. */
  @Benchmark
  public Object roundTrip() {
    client.send(now);
    now += TURN_NANOS;
    server.receive(now);
    server.send(now);
    now += TURN_NANOS;
    client.receive(now);
    if (client.received == null) {
      throw new IllegalStateException("the answer did not come");
    }
    return client.received;
  }
}
