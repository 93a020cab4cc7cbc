package io.posthorn.bench.stack;

import io.posthorn.BenchSockets;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.Security;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/** Two Posthorn sockets; the receiver is a handler, or in ping-pong a thread that blocks. */
final class PosthornContender implements Contender {
  private static final long SPIN_NANOS = 20_000;

  private final String name;
  private final MessageSocket sender;
  private final MessageSocket receiver;
  private final InetSocketAddress to;
  private final ByteBuffer message;
  private final Arrivals arrivals = new Arrivals();
  private final boolean lossy;

  PosthornContender(
      String name,
      Mode mode,
      Security security,
      boolean portable,
      int packetBytes,
      int messageBytes,
      boolean pingPong)
      throws IOException {
    this.name = name;
    lossy = mode == Mode.PLAIN;
    long spinNanos = name.contains("/spin") ? SPIN_NANOS : 0;
    sender = BenchSockets.open(mode, security, portable, packetBytes, spinNanos);
    receiver = BenchSockets.open(mode, security, portable, packetBytes, spinNanos);
    to = receiver.localAddress();
    message = ByteBuffer.allocate(messageBytes);
    if (pingPong) {
      Threads.start(name + "-echo", this::echo);
    } else {
      receiver.onBody((from, channel, body) -> arrivals.add(1));
    }
    if (mode == Mode.RELIABLE) {
      sender.connect(to);
    }
  }

  private void echo() throws IOException {
    while (true) {
      Message m = receiver.receive();
      receiver.send(m.from(), m.bytes());
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void send() throws IOException {
    sender.send(to, message);
  }

  @Override
  public long received() {
    return arrivals.get();
  }

  @Override
  public boolean isLossy() {
    return lossy;
  }

  @Override
  public void roundTrip() throws IOException {
    sender.send(to, message);
    Message unused = sender.receive();
  }

  @Override
  public void close() throws IOException {
    if (Boolean.getBoolean("bench.verbose")) {
      System.err.println(name + ": " + sender.statistics() + sender.connections());
      System.err.println(name + ": " + receiver.statistics() + receiver.connections());
    }
    sender.close();
    receiver.close();
  }
}
