package io.posthorn.simulation.flow;

import io.posthorn.simulation.SimulatedHost;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.function.BiConsumer;
import java.util.function.LongConsumer;

/**
 * A competitor that behaves as TCP with CUBIC and selective acknowledgements does on a long
 * transfer: ack-clocked and unpaced, slow start that ends at the first loss or, as HyStart, when
 * the round trip rises, beta 0.7, an acknowledgement for each second segment. Written apart from
 * Posthorn's own controllers, so that it can judge them.
 */
final class TcpCubicFlow implements Flow {
  private static final int SEGMENT_BYTES = 1_448;

  /** IP and TCP headers with timestamps, less what the link adds for IP and UDP. */
  private static final int HEADER_BYTES = 52 - 28;

  private static final double C = 0.4;
  private static final double BETA = 0.7;

  private final InetSocketAddress peer;
  private final Sender sender = new Sender();
  private final Receiver receiver = new Receiver();
  private LongConsumer onDelivered = bytes -> {};
  private boolean started;

  TcpCubicFlow(InetSocketAddress to) {
    this.peer = to;
  }

  @Override
  public String name() {
    return "tcp-cubic";
  }

  @Override
  public SimulatedHost sender() {
    return sender;
  }

  @Override
  public SimulatedHost receiver() {
    return receiver;
  }

  @Override
  public void start(long nowNanos) {
    started = true;
  }

  @Override
  public void onDelivered(LongConsumer bytes) {
    onDelivered = bytes;
  }

  @Override
  public String limit(long nowNanos) {
    return "CONGESTION_WINDOW";
  }

  /** Each transmission has a number of its own, so what is lost is known without ambiguity. */
  private final class Sender implements SimulatedHost {
    private record Sent(long transmission, long segment, long sentNanos) {}

    private final ArrayDeque<Sent> flying = new ArrayDeque<>();
    private final ArrayDeque<Long> again = new ArrayDeque<>();
    private final ByteBuffer out = ByteBuffer.allocate(SEGMENT_BYTES + HEADER_BYTES);
    private double window = 10;
    private double threshold = Double.MAX_VALUE;
    private double windowBefore;
    private double renoWindow;
    private long epochNanos = -1;
    private double k;
    private long nextTransmission;
    private long nextSegment;
    private long recoveryUntil = -1;
    private long minRttNanos = Long.MAX_VALUE;
    private long smoothedRttNanos = 200_000_000L;
    private long lastProgressNanos;

    @Override
    public void onDatagram(ByteBuffer datagram, InetSocketAddress from, long nowNanos) {
      long largest = -1;
      while (datagram.remaining() >= Long.BYTES) {
        long transmission = datagram.getLong();
        largest = Math.max(largest, transmission);
        for (var each = flying.iterator(); each.hasNext(); ) {
          Sent sent = each.next();
          if (sent.transmission == transmission) {
            each.remove();
            onAcknowledged(sent, nowNanos);
            break;
          }
          if (sent.transmission > transmission) {
            break;
          }
        }
      }
      while (!flying.isEmpty() && flying.peek().transmission <= largest - 3) {
        Sent lost = flying.remove();
        again.add(lost.segment);
        onLost(lost);
      }
      lastProgressNanos = nowNanos;
    }

    private void onAcknowledged(Sent sent, long nowNanos) {
      long rttNanos = nowNanos - sent.sentNanos;
      minRttNanos = Math.min(minRttNanos, rttNanos);
      smoothedRttNanos += (rttNanos - smoothedRttNanos) / 8;
      if (flying.size() + again.size() + 3 < window / 2 || sent.transmission <= recoveryUntil) {
        return;
      }
      if (window < threshold) {
        window++;
        long noise = Math.max(4_000_000L, Math.min(16_000_000L, minRttNanos / 8));
        if (window > 16 && smoothedRttNanos > minRttNanos + noise) {
          threshold = window;
        }
        return;
      }
      if (epochNanos < 0) {
        epochNanos = nowNanos;
        windowBefore = Math.max(windowBefore, window);
        k = Math.cbrt((windowBefore - window) / C);
        renoWindow = window;
      }
      double t = (nowNanos - epochNanos + minRttNanos) / 1e9;
      double target = C * Math.pow(t - k, 3) + windowBefore;
      renoWindow += 3 * (1 - BETA) / (1 + BETA) / window;
      target = Math.max(Math.min(target, 1.5 * window), renoWindow);
      window += Math.max(0, target - window) / window;
    }

    private void onLost(Sent lost) {
      if (lost.transmission <= recoveryUntil) {
        return;
      }
      recoveryUntil = nextTransmission - 1;
      windowBefore = window < windowBefore ? window * (1 + BETA) / 2 : window;
      window = Math.max(2, window * BETA);
      threshold = window;
      epochNanos = -1;
    }

    private long timeoutNanos() {
      return lastProgressNanos + Math.max(200_000_000L, 2 * smoothedRttNanos);
    }

    @Override
    public void onTimeout(long nowNanos) {
      if (flying.isEmpty() || nowNanos < timeoutNanos()) {
        return;
      }
      for (Sent sent : flying) {
        again.add(sent.segment);
      }
      onLost(flying.getLast());
      flying.clear();
      window = 2;
      lastProgressNanos = nowNanos;
    }

    @Override
    public long nextTimeoutNanos() {
      return flying.isEmpty() ? Long.MAX_VALUE : timeoutNanos();
    }

    @Override
    public void pollTransmit(BiConsumer<ByteBuffer, InetSocketAddress> transmit, long nowNanos) {
      if (!started) {
        return;
      }
      while (flying.size() < (long) window) {
        Long lost = again.poll();
        long segment = lost == null ? nextSegment++ : lost;
        out.clear().putLong(nextTransmission).putLong(segment).position(0);
        flying.add(new Sent(nextTransmission++, segment, nowNanos));
        if (flying.size() == 1) {
          lastProgressNanos = nowNanos;
        }
        transmit.accept(out, peer);
      }
    }
  }

  /** Acknowledges each second transmission, naming the last ones that came. */
  private final class Receiver implements SimulatedHost {
    private static final int NAMED = 16;

    private final BitSet received = new BitSet();
    private final long[] newest = new long[NAMED];
    private final ByteBuffer out = ByteBuffer.allocate(NAMED * Long.BYTES);
    private InetSocketAddress from = peer;
    private int named;
    private int pending;
    private long dueNanos = Long.MAX_VALUE;

    @Override
    public void onDatagram(ByteBuffer datagram, InetSocketAddress source, long nowNanos) {
      from = source;
      newest[named++ % NAMED] = datagram.getLong();
      int segment = (int) datagram.getLong();
      if (!received.get(segment)) {
        received.set(segment);
        onDelivered.accept(SEGMENT_BYTES);
      }
      pending++;
      dueNanos = pending >= 2 ? nowNanos : Math.min(dueNanos, nowNanos + 40_000_000L);
    }

    @Override
    public void onTimeout(long nowNanos) {}

    @Override
    public long nextTimeoutNanos() {
      return dueNanos;
    }

    @Override
    public void pollTransmit(BiConsumer<ByteBuffer, InetSocketAddress> transmit, long nowNanos) {
      if (dueNanos > nowNanos) {
        return;
      }
      out.clear();
      for (int i = Math.max(0, named - NAMED); i < named; i++) {
        out.putLong(newest[i % NAMED]);
      }
      transmit.accept(out.flip(), from);
      pending = 0;
      dueNanos = Long.MAX_VALUE;
    }
  }
}
