package io.posthorn.simulation;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The smallest reliable protocol there is, as a user might bring it: one numbered message at a
 * time, repeated until it is acknowledged. A checksum guards against damage.
 */
final class StopAndWait implements SimulatedHost {
  static final long REPEAT_NANOS = 200_000_000L;

  private static final int DATA = 1;
  private static final int ACKNOWLEDGEMENT = 2;
  private static final int BYTES = 1 + 4 + 4;

  private final @Nullable InetSocketAddress peer;
  private final int count;
  private final ByteBuffer out = ByteBuffer.allocate(BYTES);
  private int sending;
  private boolean sendNow;
  private long repeatNanos = Long.MAX_VALUE;
  private int acknowledge = -1;
  private @Nullable InetSocketAddress acknowledgeTo;

  final List<Integer> received = new ArrayList<>();
  final List<InetSocketAddress> sources = new ArrayList<>();
  int transmissions;

  /** Sends the numbers 0 to {@code count - 1} to the peer; without a peer it only receives. */
  StopAndWait(@Nullable InetSocketAddress peer, int count) {
    this.peer = peer;
    this.count = count;
    sendNow = count > 0;
  }

  boolean isDone() {
    return sending == count;
  }

  @Override
  public void onDatagram(ByteBuffer datagram, InetSocketAddress from, long nowNanos) {
    if (datagram.remaining() != BYTES) {
      return;
    }
    int kind = datagram.get();
    int number = datagram.getInt();
    if (datagram.getInt() != check(kind, number)) {
      return;
    }
    if (kind == DATA) {
      if (number == received.size()) {
        received.add(number);
      }
      if (!sources.contains(from)) {
        sources.add(from);
      }
      acknowledge = number;
      acknowledgeTo = from;
    } else if (number == sending && !isDone()) {
      sending++;
      sendNow = !isDone();
      repeatNanos = Long.MAX_VALUE;
    }
  }

  @Override
  public void onTimeout(long nowNanos) {
    if (nowNanos >= repeatNanos) {
      sendNow = true;
    }
  }

  @Override
  public long nextTimeoutNanos() {
    return repeatNanos;
  }

  @Override
  public void pollTransmit(BiConsumer<ByteBuffer, InetSocketAddress> sink, long nowNanos) {
    InetSocketAddress to = acknowledgeTo;
    if (to != null) {
      sink.accept(packet(ACKNOWLEDGEMENT, acknowledge), to);
      acknowledgeTo = null;
    }
    if (sendNow && peer != null) {
      transmissions++;
      sink.accept(packet(DATA, sending), peer);
      sendNow = false;
      repeatNanos = nowNanos + REPEAT_NANOS;
    }
  }

  private ByteBuffer packet(int kind, int number) {
    return out.clear().put((byte) kind).putInt(number).putInt(check(kind, number)).flip();
  }

  private static int check(int kind, int number) {
    return (number * 31 + kind) * 0x9E3779B1;
  }
}
