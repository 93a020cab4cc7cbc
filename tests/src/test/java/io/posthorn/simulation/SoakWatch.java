package io.posthorn.simulation;

import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.simulation.checker.History;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Sees every datagram of a run: what came through undamaged from whom to whom, that nobody is sent
 * more than three bytes for each that came from an address which is not proved, and a digest of it
 * all.
 */
final class SoakWatch implements TraceSink {
  private static final int FACTOR = 3;
  private static final long ANSWER_NANOS = 30_000_000L;

  /** What one direction carried. */
  private static final class Way {
    final Set<Long> damaged = new HashSet<>();
    long[] sentNanos = new long[64]; // by number
    long[] arrivedNanos = new long[64];
    long[] arrivedNumber = new long[64];
    int arrived;
    long unreachable;

    void onSent(long number, long nowNanos) {
      if (number >= sentNanos.length) {
        sentNanos = Arrays.copyOf(sentNanos, (int) (2 * number));
      }
      sentNanos[(int) number] = nowNanos;
    }

    void onArrived(long number, long nowNanos) {
      if (arrived == arrivedNanos.length) {
        arrivedNanos = Arrays.copyOf(arrivedNanos, 2 * arrived);
        arrivedNumber = Arrays.copyOf(arrivedNumber, 2 * arrived);
      }
      arrivedNanos[arrived] = nowNanos;
      arrivedNumber[arrived++] = number;
    }
  }

  /** Bytes from and to an address, as an end that only answers sees them. */
  private static final class Account {
    long inBytes;
    long outBytes;
    boolean proved;
  }

  private final History history;
  private final Map<InetSocketAddress, Integer> ends = new HashMap<>();
  private final Way[][] ways;
  private final @Nullable InetSocketAddress answering;
  private final Map<InetSocketAddress, Account> accounts = new HashMap<>();
  private int seen;
  private long digest = 17;

  /**
   * Watches.
   *
   * @param answering the address of an end that never opens a connection itself, or null
   */
  SoakWatch(History history, int hosts, @Nullable InetSocketAddress answering) {
    this.history = history;
    this.answering = answering;
    this.ways = new Way[hosts][hosts];
    for (Way[] row : ways) {
      Arrays.setAll(row, any -> new Way());
    }
  }

  /** An address at which an end is, or was, met. */
  boolean learn(InetSocketAddress address, int end) {
    return ends.put(address, end) == null;
  }

  /** The answering end lost its memory. */
  void onCrash(InetSocketAddress address) {
    if (address.equals(answering)) {
      catchUp();
      accounts.clear();
    }
  }

  long digest() {
    return digest;
  }

  /** Datagrams that came out of a link and found nobody, by the end that they were for. */
  long unreachable(int end) {
    long sum = 0;
    for (Way[] row : ways) {
      sum += row[end].unreachable;
    }
    return sum;
  }

  /**
   * How many datagrams came from a peer undamaged that it sent right after something had come
   * through to it: copies left aside, all after one time and until another.
   */
  int answers(int end, int peer, long afterNanos, long untilNanos) {
    Way there = ways[end][peer];
    Way back = ways[peer][end];
    int count = 0;
    int asked = 0;
    for (int i = 0; i < back.arrived; i++) {
      long sent = back.sentNanos[(int) back.arrivedNumber[i]];
      if (back.arrivedNanos[i] <= afterNanos || back.arrivedNanos[i] > untilNanos) {
        continue;
      }
      while (asked > 0 && there.arrivedNanos[asked - 1] > sent) {
        asked--;
      }
      while (asked < there.arrived && there.arrivedNanos[asked] <= sent) {
        asked++;
      }
      long askedNanos = asked == 0 ? 0 : there.arrivedNanos[asked - 1];
      if (asked > 0 && askedNanos > Math.max(afterNanos, sent - ANSWER_NANOS)) {
        count++;
      }
    }
    return count;
  }

  @Override
  public void onDatagram(
      long nowNanos,
      InetSocketAddress from,
      InetSocketAddress to,
      long number,
      int lengthBytes,
      int crc32c,
      String fate) {
    digest = ((digest * 31 + nowNanos) * 31 + crc32c) * 31 + fate.hashCode();
    boolean out = !fate.startsWith("delivered") && !fate.startsWith("unreachable");
    Integer sender = ends.get(from);
    Integer receiver = ends.get(to);
    if (sender == null || receiver == null) {
      throw new AssertionError("nobody is at " + from + " or " + to);
    }
    Way way = ways[sender][receiver];
    if (out) {
      way.onSent(number, nowNanos);
    }
    if (out && fate.contains("+corrupted")) {
      way.damaged.add(number);
    } else if (fate.startsWith("unreachable")) {
      way.unreachable++;
    } else if (fate.equals("delivered") && !way.damaged.contains(number)) {
      way.onArrived(number, nowNanos);
    }
    if (out && from.equals(answering)) {
      account(to, lengthBytes, nowNanos);
    } else if (fate.startsWith("delivered") && to.equals(answering)) {
      accounts.computeIfAbsent(from, none -> new Account()).inBytes += lengthBytes;
    }
  }

  private void account(InetSocketAddress to, int lengthBytes, long nowNanos) {
    Account account = accounts.computeIfAbsent(to, none -> new Account());
    account.outBytes += lengthBytes;
    if (!account.proved && account.outBytes > FACTOR * account.inBytes) {
      catchUp();
      if (!account.proved) {
        throw new AssertionError(
            "at %d ms %d bytes went to %s, which is not proved, for %d from there"
                .formatted(nowNanos / 1_000_000, account.outBytes, to, account.inBytes));
      }
    }
  }

  /** Which addresses the answering end has proved since it was asked last. */
  private void catchUp() {
    List<History.Entry> entries = history.entries();
    Integer end = answering == null ? null : ends.get(answering);
    for (; seen < entries.size(); seen++) {
      if (entries.get(seen) instanceof History.Told told && end != null && told.end() == end) {
        if (told.event() instanceof EndpointEvent.Connected connected) {
          accounts.computeIfAbsent(connected.peer(), none -> new Account()).proved = true;
        } else if (told.event() instanceof EndpointEvent.PathChanged changed) {
          accounts.computeIfAbsent(changed.after(), none -> new Account()).proved = true;
        }
      }
    }
  }
}
