package io.posthorn.endpoint;

import io.posthorn.EcnMark;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.wire.BigEndian;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FrameSeeds;
import io.posthorn.wire.FrameWriter;
import io.posthorn.wire.WireLimits;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * An endpoint that is busy with a true peer, in virtual time, and meanwhile hears true datagrams
 * changed, from the peer's address and from strangers; or a peer that has the keys and changes what
 * it says before it seals it. What must hold: no exception; the conversation goes on; each datagram
 * that is not taken is counted under one reason; at most three bytes to a stranger for each that
 * came; no growth of memory.
 *
 * <p>{@code mvn -Pmutations -DskipTests verify} runs the large numbers; arguments: the first seed,
 * the number of seeds, changed datagrams for each, and datagrams changed before sealing for each.
 * Runs of different seeds add up. {@code MutationTest} runs small ones with each build.
 */
public final class MutationSoak {
  private static final DropReason[] REASONS = DropReason.values();
  private static final int STRANGERS = 256;
  private static final int POOL = 256;

  /** Datagrams of the first handshake, which stay in the pool. */
  private static final int FIRSTS = 8;

  private static final int TRUE_WORDS_EVERY = 500;
  private static final long STEP_NANOS = 20_000;
  private static final long MEBIBYTE = 1 << 20;

  private final SplittableRandom random;
  private final boolean clear;
  private final SocketOptions options;
  private final ReliableEndpoint endpoint;
  private final EndpointCounters counters;
  private final Map<DropReason, Long> dropped = new EnumMap<>(DropReason.class);
  private final Map<InetSocketAddress, long[]> strangers = new HashMap<>();
  private final List<byte[]> pool = new ArrayList<>();
  private final long[] before = new long[DropReason.values().length];
  private HandPeer peer;
  private long handle;
  private int hosts = 1;
  private long offset;
  private long taken;
  private long connections;
  private long nowNanos;

  MutationSoak(long seed) {
    random = new SplittableRandom(seed);
    clear = (seed & 1) == 0;
    options = HandPeer.options(clear ? Security.none() : Security.ephemeral(), 400, 1 << 24);
    endpoint = HandPeer.endpoint(options, seed);
    counters = endpoint.counters();
    peer = connect();
  }

  private HandPeer connect() {
    HandPeer next = new HandPeer(endpoint, options, hosts, random.nextLong());
    hosts = hosts % 20_000 + 1;
    nowNanos += 20_000_000; // fewer than are asked for a cookie, or than end in the meantime
    next.nowNanos = nowNanos;
    next.sent = this::onSent;
    if (clear) {
      next.parameters.resetToken = null; // who reads it in a clear M3 may use it
    }
    byte[] body = new byte[WireLimits.MAX_HANDSHAKE_BODY_BYTES];
    int length = next.handshake.writeFirst(body, 0);
    next.deliver(keptFirst(next, body, length));
    if (next.third.length == 0) {
      next.deliver(keptFirst(next, body, length)); // it was asked for a cookie
    }
    if (next.third.length == 0) {
      throw new AssertionError("no M2");
    }
    keep(next.third);
    next.deliver(next.third);
    if (next.handle() == Endpoint.NO_CONNECTION) {
      throw new AssertionError("an honest client is shut out");
    }
    handle = next.handle();
    next.events.clear();
    connections++;
    offset = 0;
    return next;
  }

  private byte[] keptFirst(HandPeer next, byte[] body, int length) {
    byte[] first = next.first(body, length);
    keep(first);
    return first;
  }

  private void keep(byte[] datagram) {
    if (pool.size() < POOL) {
      pool.add(datagram);
    } else {
      pool.set(random.nextInt(FIRSTS, POOL), datagram);
    }
  }

  private void onSent(InetSocketAddress to, byte[] datagram) {
    long[] budget = strangers.get(to);
    if (budget != null) {
      budget[1] += datagram.length;
      if (budget[1] > 3 * budget[0]) {
        throw new AssertionError(budget[1] + " bytes to a stranger for " + budget[0]);
      }
    }
    keep(datagram);
  }

  /** Datagrams that nobody sealed so. */
  void changed(long count) {
    for (long i = 0; i < count; i++) {
      if (i % TRUE_WORDS_EVERY == 0) {
        speakTruly();
      }
      byte[] datagram = change(pool.get(random.nextInt(pool.size())).clone(), 14);
      InetSocketAddress from = peer.address;
      if (random.nextInt(4) == 0) {
        from = HandPeer.address(30_000 + random.nextInt(STRANGERS));
        strangers.computeIfAbsent(from, any -> new long[2])[0] += datagram.length;
      }
      deliver(datagram, from);
      if (!peer.events.isEmpty() && isOver()) {
        throw new AssertionError(
            peer.closedFor() + " after " + HexFormat.of().formatHex(datagram) + " from " + from);
      }
      passTime();
    }
    speakTruly();
  }

  /** Packets that are sealed after somebody changed what is in them. */
  void changedBeforeSealing(long count) {
    for (long i = 0; i < count; i++) {
      if (isOver()) {
        peer = connect();
      }
      byte[] frames = random.nextInt(12) > 0 ? sensible() : FrameSeeds.random(random, 200);
      deliver(peer.packet(change(frames, frames.length)), peer.address);
      passTime();
      for (int messages = 0; messages < 4; messages++) {
        if (endpoint.pollMessage(nowNanos) == null) {
          break;
        }
      }
    }
    peer = connect();
    speakTruly();
  }

  private boolean isOver() {
    for (EndpointEvent event : peer.events) {
      if (event instanceof EndpointEvent.Closed closed && closed.connection() == handle) {
        return true;
      }
    }
    return peer.toldToClose() != null;
  }

  /** Frames that fit what was said so far. */
  private byte[] sensible() {
    byte[] plain = new byte[400];
    FrameWriter out = new FrameWriter();
    out.reset(plain, 0, plain.length);
    for (int frames = 1 + random.nextInt(3); frames > 0; frames--) {
      switch (random.nextInt(6)) {
        case 0 -> out.ping();
        case 1 -> {
          long newest = peer.largestOpened();
          if (newest >= 0) {
            out.ack(10, new long[] {newest}, new long[] {newest}, 1, 0, 0, -1);
          }
        }
        case 2 -> out.datagram(3, -1, plain, 0, 100 + random.nextInt(100));
        case 3 -> out.maxChannelData(random.nextInt(4), 1 << 20);
        case 4 -> out.pathChallenge(random.nextLong());
        default -> {
          byte[] chunk = new byte[62];
          chunk[0] = 0x40; // a chunk of 60 bytes, the last of its message
          chunk[1] = 120;
          out.channelData(0, offset, chunk, 0, chunk.length);
          offset += chunk.length;
        }
      }
    }
    return Arrays.copyOf(plain, out.written());
  }

  private byte[] change(byte[] bytes, int mostLikelyBelow) {
    byte[] changed = bytes;
    boolean frames = mostLikelyBelow == bytes.length;
    int most = frames ? 1 : 3;
    for (int changes = 1 + random.nextInt(most); changes > 0 && changed.length > 0; changes--) {
      int at =
          random.nextInt(
              random.nextBoolean() ? Math.min(mostLikelyBelow, changed.length) : changed.length);
      switch (random.nextInt(8)) {
        case 0 -> changed = Arrays.copyOf(changed, random.nextInt(changed.length) + 1);
        case 1 -> changed = Arrays.copyOf(changed, changed.length + 1 + random.nextInt(40));
        case 2 -> changed[at] = (byte) random.nextInt();
        case 3 -> {
          if (changed.length > at + Long.BYTES) {
            BigEndian.putLong(
                changed, at, random.nextBoolean() ? peer.remoteId : random.nextLong());
          }
        }
        case 4 -> changed[frames ? at : 0] = (byte) (4 + random.nextInt(12));
        default -> changed[at] ^= (byte) (1 << random.nextInt(8));
      }
    }
    return changed.length <= HandPeer.MOST_FRAME_BYTES + 60
        ? changed
        : Arrays.copyOf(changed, HandPeer.MOST_FRAME_BYTES + 60);
  }

  private void deliver(byte[] datagram, InetSocketAddress from) {
    for (DropReason reason : REASONS) {
      before[reason.ordinal()] = counters.drops(reason);
    }
    peer.nowNanos = nowNanos;
    endpoint.onDatagram(ByteBuffer.wrap(datagram), from, EcnMark.NOT_ECT, nowNanos);
    int reasons = 0;
    for (DropReason reason : REASONS) {
      long more = counters.drops(reason) - before[reason.ordinal()];
      if (more > 0) {
        dropped.merge(reason, more, Long::sum);
        reasons += (int) more;
      }
    }
    if (reasons > 1) {
      throw new AssertionError(reasons + " drops of one datagram");
    }
    if (reasons == 0) {
      taken++;
    }
    peer.collect();
  }

  private void passTime() {
    nowNanos += STEP_NANOS;
    if (endpoint.nextTimeoutNanos() <= nowNanos) {
      endpoint.onTimeout(nowNanos);
      peer.nowNanos = nowNanos;
      peer.collect();
    }
  }

  /** The true peer says something, and it arrives. */
  private void speakTruly() {
    while (endpoint.pollMessage(nowNanos) != null) {
      // what was said before
    }
    byte[] chunk = {8, 1, 2, 3, 4};
    byte[] packet =
        peer.packet(
            out -> {
              long newest = peer.largestOpened();
              if (newest >= 0) {
                out.ack(10, new long[] {newest}, new long[] {newest}, 1, 0, 0, -1);
              }
              out.channelData(0, offset, chunk, 0, chunk.length);
            });
    offset += chunk.length;
    keep(packet);
    peer.nowNanos = nowNanos;
    peer.deliver(packet);
    ReceivedMessage message = endpoint.pollMessage(nowNanos);
    if (message == null || message.body().length != 4) {
      throw new AssertionError("the conversation does not go on: " + peer.closedFor());
    }
    peer.events.clear();
  }

  Map<DropReason, Long> dropped() {
    return dropped;
  }

  long taken() {
    return taken;
  }

  long connectionsMade() {
    return connections;
  }

  static long usedBytes() {
    System.gc();
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /** Runs; see the class. */
  public static void main(String[] arguments) {
    long first = Long.parseLong(arguments[0]);
    long seeds = Long.parseLong(arguments[1]);
    long changed = Long.parseLong(arguments[2]);
    long sealed = Long.parseLong(arguments[3]);
    Map<DropReason, Long> sum = new EnumMap<>(DropReason.class);
    long taken = 0;
    long connections = 0;
    long most = 0;
    long begun = System.nanoTime();
    for (long seed = first; seed < first + seeds; seed++) {
      MutationSoak soak = new MutationSoak(seed);
      try {
        soak.changed(changed / 4);
        soak.changedBeforeSealing(sealed / 4);
        long early = usedBytes();
        soak.changed(changed - changed / 4);
        soak.changedBeforeSealing(sealed - sealed / 4);
        long growth = usedBytes() - early;
        most = Math.max(most, growth);
        if (growth > 8 * MEBIBYTE) {
          throw new AssertionError("memory grew by " + growth + " bytes");
        }
      } catch (RuntimeException | Error fault) {
        throw new AssertionError("seed " + seed, fault);
      }
      soak.dropped.forEach((reason, count) -> sum.merge(reason, count, Long::sum));
      taken += soak.taken;
      connections += soak.connections;
      System.out.printf(
          Locale.ROOT,
          "seeds %d to %d: %,d changed, %,d changed before sealing, %,d connections, most growth"
              + " %,d bytes, %.0f s%n  taken %,d, dropped %s%n",
          first,
          seed,
          changed * (seed - first + 1),
          sealed * (seed - first + 1),
          connections,
          most,
          (System.nanoTime() - begun) / 1e9,
          taken,
          sum);
    }
  }
}
