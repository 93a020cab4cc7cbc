package io.posthorn.cli.probe;

import java.io.Closeable;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * Finds the largest datagram that reaches a UDP echo service and comes back, in one piece where the
 * system can ask for that: a binary search, with three tries for each size, for a loss is no proof.
 */
public final class MtuProbe implements Closeable {
  private static final int LEAST_BYTES = 16;
  private static final int TRIES = 3;
  private static final int LEAST_PATIENCE_MILLIS = 200;
  private static final int MOST_IPV4_BYTES = 65_507;
  private static final int MOST_IPV6_BYTES = 65_487;

  /**
   * What was found.
   *
   * @param payloadBytes the largest UDP payload that came back; 0 if nothing did
   * @param headerBytes of IP and UDP
   * @param dontFragment whether the system was made not to fragment
   * @param rttNanos the shortest round trip
   */
  public record Result(int payloadBytes, int headerBytes, boolean dontFragment, long rttNanos) {
    /** The largest IP datagram that passes, both ways. */
    public int mtuBytes() {
      return payloadBytes + headerBytes;
    }

    /** Whether there was any answer. */
    public boolean isAnswered() {
      return payloadBytes > 0;
    }
  }

  private final DatagramChannel channel;
  private final DatagramSocket socket;
  private final boolean ipv6;
  private final boolean dontFragment;
  private final int firstPatienceMillis;
  private final byte[] run = new byte[Long.BYTES];
  private int sequence;
  private long rttNanos = Long.MAX_VALUE;

  private MtuProbe(DatagramChannel channel, boolean ipv6, Duration patience) {
    this.channel = channel;
    this.socket = channel.socket();
    this.ipv6 = ipv6;
    this.dontFragment = DontFragment.set(channel, ipv6);
    this.firstPatienceMillis = (int) (patience.toMillis() / TRIES);
    new SecureRandom().nextBytes(run);
  }

  /**
   * Opens a socket towards an echo service.
   *
   * @param patience how long until it is clear that nothing comes back, 100 ms to ten minutes; once
   *     something has, the round trip says
   */
  public static MtuProbe open(InetSocketAddress peer, Duration patience) throws IOException {
    boolean ipv6 = peer.getAddress() instanceof Inet6Address;
    DatagramChannel channel =
        DatagramChannel.open(ipv6 ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET);
    try {
      channel.connect(peer);
      return new MtuProbe(channel, ipv6, patience);
    } catch (IOException failed) {
      channel.close();
      throw failed;
    }
  }

  /**
   * Searches.
   *
   * @param progress is told each size before it is tried
   * @throws PortUnreachableException if the host says that nobody listens
   * @throws IOException if the socket fails
   */
  public Result search(IntConsumer progress) throws IOException, InterruptedException {
    if (!passes(LEAST_BYTES, progress)) {
      return new Result(0, headerBytes(), dontFragment, 0);
    }
    int passes = LEAST_BYTES;
    int fails = (ipv6 ? MOST_IPV6_BYTES : MOST_IPV4_BYTES) + 1;
    // What most links have comes first, so that most searches end soon.
    for (int likely : new int[] {1_500 - headerBytes(), fails - 1, 1_501 - headerBytes()}) {
      if (likely > passes && likely < fails) {
        if (passes(likely, progress)) {
          passes = likely;
        } else {
          fails = likely;
        }
      }
    }
    while (fails - passes > 1) {
      int middle = (passes + fails) >>> 1;
      if (passes(middle, progress)) {
        passes = middle;
      } else {
        fails = middle;
      }
    }
    return new Result(passes, headerBytes(), dontFragment, rttNanos);
  }

  private int headerBytes() {
    return ipv6 ? 48 : 28;
  }

  private boolean passes(int bytes, IntConsumer progress) throws IOException, InterruptedException {
    progress.accept(bytes);
    for (int attempt = 0; attempt < TRIES; attempt++) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      byte[] probe = probe(bytes);
      long sentNanos = System.nanoTime();
      try {
        socket.send(new DatagramPacket(probe, probe.length));
      } catch (PortUnreachableException nobody) {
        throw nobody;
      } catch (IOException tooLarge) {
        return false; // the interface, or a router on the way, said so
      }
      if (answered(probe, sentNanos)) {
        return true;
      }
    }
    return false;
  }

  private byte[] probe(int bytes) {
    byte[] probe = new byte[bytes];
    ByteBuffer.wrap(probe).put(run).putInt(++sequence);
    for (int at = Long.BYTES + Integer.BYTES; at < bytes; at++) {
      probe[at] = (byte) at;
    }
    return probe;
  }

  private boolean answered(byte[] probe, long sentNanos) throws IOException {
    byte[] buffer = new byte[MOST_IPV4_BYTES + 1];
    long endNanos = sentNanos + patienceMillis() * 1_000_000L;
    while (true) {
      long leftMillis = (endNanos - System.nanoTime()) / 1_000_000;
      if (leftMillis <= 0) {
        return false;
      }
      socket.setSoTimeout((int) leftMillis);
      DatagramPacket answer = new DatagramPacket(buffer, buffer.length);
      try {
        socket.receive(answer);
      } catch (SocketTimeoutException silence) {
        return false;
      }
      if (Arrays.equals(probe, 0, probe.length, buffer, 0, answer.getLength())) {
        rttNanos = Math.min(rttNanos, System.nanoTime() - sentNanos);
        return true;
      }
    }
  }

  private int patienceMillis() {
    return rttNanos == Long.MAX_VALUE
        ? firstPatienceMillis
        : (int) Math.min(firstPatienceMillis, LEAST_PATIENCE_MILLIS + 4 * rttNanos / 1_000_000);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
