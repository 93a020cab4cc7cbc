package io.posthorn.simulation;

import io.posthorn.Delivery;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.simulation.LinkConditions.Rebinding;
import io.posthorn.simulation.checker.History;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Prints the part of transport/PERFORMANCE.md on outages, rebinding and the completion of short
 * flows.
 */
final class RecoveryTable {
  private static final long MS = 1_000_000L;

  private RecoveryTable() {}

  // An outage of both directions: when the first message arrives after it.

  /** What the application does about the time of the outage. */
  enum Use {
    /** A message each ten milliseconds. */
    STREAM,
    /** As much as the connection takes. */
    BULK,
    /** One message, a while after the outage has begun. */
    ONE
  }

  static void printOutages(int seeds) {
    System.out.println("| RTT | outage | the application sends | median | worst | allowed |");
    System.out.println("|---|---|---|---|---|---|");
    for (int rttMillis : new int[] {20, 100}) {
      for (int seconds : new int[] {1, 5, 20}) {
        for (Use use : Use.values()) {
          double[] millis = new double[seeds];
          for (int seed = 0; seed < seeds; seed++) {
            millis[seed] = outage(seed + 1, rttMillis, seconds, use);
          }
          System.out.printf(
              Locale.ROOT,
              "| %d ms | %d s | %s | %.0f ms | %.0f ms | %.0f ms |%n",
              rttMillis,
              seconds,
              use,
              quantile(millis, 0.5),
              quantile(millis, 1),
              1.5 * rttMillis + 100);
        }
      }
    }
  }

  /** Milliseconds from the end of an outage to the first message that arrives. */
  static double outage(long seed, int rttMillis, int seconds, Use use) {
    Pair pair = new Pair(seed, Pair.options()).link(fast(rttMillis));
    pair.a.connect(pair.b);
    pair.network.run(Duration.ofMillis(2_000 + 37 * seed % 500));
    long begin = pair.network.nowNanos() + 1_000 * MS;
    long end = begin + (1_000L * seconds + 97 * seed % 401) * MS;
    feed(pair, use, begin, end);
    pair.network.run(Duration.ofNanos(begin - pair.network.nowNanos()));
    pair.network.cut(Pair.A, Pair.B).cut(Pair.B, Pair.A);
    pair.network.run(Duration.ofNanos(end - pair.network.nowNanos()));
    pair.network.mend(Pair.A, Pair.B).mend(Pair.B, Pair.A);
    int before = pair.history.received().size();
    boolean came =
        pair.network.runUntil(
            () -> pair.history.received().size() > before, Duration.ofSeconds(60));
    if (!came || !pair.history.told(0, EndpointEvent.Closed.class).isEmpty()) {
      throw new IllegalStateException("the connection did not survive: " + pair.history);
    }
    return (pair.network.nowNanos() - end) / (double) MS;
  }

  private static void feed(Pair pair, Use use, long begin, long end) {
    switch (use) {
      case STREAM -> {
        for (long at = pair.network.nowNanos(); at < end + 2_000 * MS; at += 10 * MS) {
          pair.network.at(at, () -> pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 64));
        }
      }
      case BULK -> {
        for (int i = 0; i < 400; i++) {
          pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 100_000);
        }
      }
      case ONE ->
          pair.network.at(
              begin + (end - begin) / 3,
              () -> pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, 64));
    }
  }

  // Many connections of one socket: how much it says into the silence.

  static void printCrowds(int seeds) {
    System.out.println("| connections | outage | most datagrams in a second | first | last |");
    System.out.println("|---|---|---|---|---|");
    for (int connections : new int[] {1, 10, 100, 500}) {
      double[][] samples = new double[3][seeds];
      for (int seed = 0; seed < samples[0].length; seed++) {
        double[] one = crowd(seed + 1, connections, 5);
        for (int i = 0; i < 3; i++) {
          samples[i][seed] = one[i];
        }
      }
      System.out.printf(
          Locale.ROOT,
          "| %d | 5 s | %.0f | %.0f ms | %.0f ms |%n",
          connections,
          quantile(samples[0], 1),
          quantile(samples[1], 0.5),
          quantile(samples[2], 0.5));
    }
  }

  /**
   * Datagrams in the busiest second of an outage but for its first, then milliseconds after it to
   * the first and to the last connection's next message.
   */
  static double[] crowd(long seed, int connections, int seconds) {
    SimulatedNetwork network = SimulatedNetwork.seeded(seed).link(fast(20));
    History history = new History();
    Party socket = new Party(network, history, 0, Pair.A, Pair.clear(), seed);
    List<Party> peers = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      InetSocketAddress address = Pair.address(i + 2, 5_000);
      Party peer = new Party(network, history, i + 1, address, Pair.clear(), seed * 1_000 + i);
      peers.add(peer);
      socket.meet(peer);
      peer.meet(socket);
      socket.connect(peer);
    }
    network.run(Duration.ofSeconds(3));
    for (Party peer : peers) {
      network.cut(socket.address, peer.address).cut(peer.address, socket.address);
      socket.send(peer, 0, Delivery.RELIABLE_ORDERED, 64);
    }
    network.run(Duration.ofSeconds(1));
    long most = 0;
    for (int second = 1; second < seconds; second++) {
      long before = network.counters().offered();
      network.run(Duration.ofSeconds(1));
      most = Math.max(most, network.counters().offered() - before);
    }
    for (Party peer : peers) {
      network.mend(socket.address, peer.address).mend(peer.address, socket.address);
    }
    long end = network.nowNanos();
    network.runUntil(() -> history.received().size() == connections, Duration.ofSeconds(30));
    long first = history.received().get(0).atNanos() - end;
    long last = history.received().get(connections - 1).atNanos() - end;
    return new double[] {most, first / (double) MS, last / (double) MS};
  }

  // A translator that forgets in mid-transfer.

  static void printRebindings(int seeds) {
    System.out.println("| transfer | RTT | rebound | median | worst | worst in RTT | lost |");
    System.out.println("|---|---|---|---|---|---|---|");
    for (boolean up : new boolean[] {true, false}) {
      for (int rttMillis : new int[] {20, 100}) {
        for (Rebinding kind : Rebinding.values()) {
          double[] extra = new double[seeds];
          for (int seed = 0; seed < seeds; seed++) {
            extra[seed] =
                transfer(seed + 1, rttMillis, up, kind) - transfer(seed + 1, rttMillis, up, null);
          }
          System.out.printf(
              Locale.ROOT,
              "| %s | %d ms | %s | %.0f ms | %.0f ms | %.1f | 0 |%n",
              up ? "from behind the translator" : "to behind the translator",
              rttMillis,
              kind,
              quantile(extra, 0.5),
              quantile(extra, 1),
              quantile(extra, 1) / rttMillis);
        }
      }
    }
  }

  /** Milliseconds for eight megabytes in messages of 80 KB; all of them arrive. */
  static double transfer(long seed, int rttMillis, boolean up, @Nullable Rebinding kind) {
    Pair pair = new Pair(seed, Pair.options()).link(rate(rttMillis, 20));
    pair.network.intercept(
        (from, to, number, datagram) -> {
          pair.b.learn(pair.network.externalAddress(Pair.A), pair.a);
          return Interception.DELIVER;
        });
    pair.b.answerOnly();
    pair.a.connect(pair.b);
    pair.network.run(Duration.ofSeconds(1));
    long begun = pair.network.nowNanos();
    for (int i = 0; i < 100; i++) {
      (up ? pair.a : pair.b).send(up ? pair.b : pair.a, 0, Delivery.RELIABLE_ORDERED, 80_000);
    }
    if (kind != null) {
      pair.network.at(
          begun + (1_500 + 7 * seed % 100) * MS, () -> pair.network.rebind(Pair.A, kind));
    }
    if (!pair.network.runUntil(
        () -> pair.history.received().size() == 100, Duration.ofSeconds(60))) {
      throw new IllegalStateException("lost: " + pair.history);
    }
    return (pair.network.nowNanos() - begun) / (double) MS;
  }

  // Short flows from a cold start, with loss.

  static void printCompletions(int seeds) {
    System.out.println("| size | RTT | loss | p50 | p99 | p99 after the handshake | in RTT |");
    System.out.println("|---|---|---|---|---|---|---|");
    for (int rttMillis : new int[] {20, 50, 100}) {
      for (int kilobytes : new int[] {10, 100, 1_000}) {
        for (String loss : new String[] {"0%", "1%"}) {
          double[] millis = new double[seeds * (kilobytes == 1_000 ? 8 : 40)];
          double[] after = new double[millis.length];
          for (int seed = 0; seed < millis.length; seed++) {
            double[] one = completion(seed + 1, rttMillis, kilobytes * 1_000, loss);
            millis[seed] = one[0];
            after[seed] = one[1];
          }
          System.out.printf(
              Locale.ROOT,
              "| %d KB | %d ms | %s | %.0f ms | %.0f ms | %.0f ms | %.1f |%n",
              kilobytes,
              rttMillis,
              loss,
              quantile(millis, 0.5),
              quantile(millis, 0.99),
              quantile(after, 0.99),
              quantile(after, 0.99) / rttMillis);
        }
      }
    }
  }

  /**
   * Milliseconds from the first send to a peer to the whole message at its application, and the
   * part of them after the peer's first answer, with which data may go.
   */
  static double[] completion(long seed, int rttMillis, int sizeBytes, String loss) {
    Pair pair =
        new Pair(seed, Pair.options())
            .link(LinkConditions.parse(rate(rttMillis, 100) + " loss " + loss));
    long[] answered = {-1};
    pair.network.trace(
        (now, from, to, number, length, crc, fate) -> {
          if (answered[0] < 0 && to.equals(Pair.A) && fate.startsWith("delivered")) {
            answered[0] = now;
          }
        });
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, sizeBytes);
    pair.network.runUntil(() -> !pair.history.received().isEmpty(), Duration.ofSeconds(60));
    long arrived = pair.history.received().get(0).atNanos();
    return new double[] {arrived / (double) MS, (arrived - answered[0]) / (double) MS};
  }

  private static LinkConditions fast(int rttMillis) {
    return rate(rttMillis, 100);
  }

  private static LinkConditions rate(int rttMillis, int megabits) {
    return LinkConditions.parse(
        "delay %dus rate %dmbit queue %d"
            .formatted(rttMillis * 500, megabits, Math.max(20, rttMillis * megabits / 12)));
  }

  static double quantile(double[] values, double share) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[(int) Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  }
}
