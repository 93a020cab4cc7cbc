package io.posthorn.endpoint;

import io.posthorn.Mode;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.channel.ReceivedRun;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Endpoints that hand each other their datagrams at once, in virtual time, with nothing between
 * them: what memory is taken meanwhile is theirs. Handing over allocates nothing.
 */
final class DirectHosts {
  /** An endpoint and where it is. */
  static final class Host {
    final InetSocketAddress address;
    final Endpoint endpoint;

    /** Messages that its application got. */
    long received;

    private Host(InetSocketAddress address, Endpoint endpoint) {
      this.address = address;
      this.endpoint = endpoint;
    }
  }

  private final List<Host> hosts = new ArrayList<>();
  private final Map<InetSocketAddress, Host> byAddress = new HashMap<>();
  private final TransmitBatch batch = new TransmitBatch();
  private final ReceivedRun run = new ReceivedRun();
  long nowNanos;

  /** Datagrams handed over. */
  long datagrams;

  Host add(SocketOptions options) {
    InetSocketAddress address = HandPeer.address(hosts.size() + 1);
    Endpoint endpoint =
        options.mode() == Mode.PLAIN
            ? new PlainEndpoint(options)
            : new ReliableEndpoint(options, new SplittableRandom(hosts.size()), address::equals);
    Host host = new Host(address, endpoint);
    hosts.add(host);
    byAddress.put(address, host);
    return host;
  }

  /** Hands over datagrams and messages until nobody has any. */
  void exchange() {
    boolean any = true;
    while (any) {
      any = false;
      for (int i = 0; i < hosts.size(); i++) {
        any |= exchange(hosts.get(i));
      }
    }
  }

  private boolean exchange(Host from) {
    boolean any = false;
    while (from.endpoint.pollTransmit(batch, nowNanos)) {
      any = true;
      Host to = byAddress.get(batch.peer());
      for (int i = 0; i < batch.segments(); i++) {
        datagrams++;
        to.endpoint.onDatagram(batch.segment(i), from.address, batch.mark(), nowNanos);
      }
      receive(to);
    }
    while (from.endpoint.pollEvent() != null) {
      // Nobody asks.
    }
    return any;
  }

  /** As a handler gets them: lent where they lie, if they are. */
  private void receive(Host host) {
    while (host.endpoint.lendRun(run)) {
      host.received += run.count();
      host.endpoint.endRun(run, nowNanos);
    }
    while (host.endpoint.pollMessage(nowNanos) != null) {
      host.received++;
    }
  }

  /** Lets time pass, with all timers on the way. */
  void run(Duration time) {
    long until = nowNanos + time.toNanos();
    exchange();
    for (long next = nextTimeoutNanos(); next <= until; next = nextTimeoutNanos()) {
      nowNanos = Math.max(nowNanos, next);
      for (int i = 0; i < hosts.size(); i++) {
        hosts.get(i).endpoint.onTimeout(nowNanos);
      }
      exchange();
    }
    nowNanos = until;
  }

  private long nextTimeoutNanos() {
    long next = Endpoint.NEVER;
    for (int i = 0; i < hosts.size(); i++) {
      next = Math.min(next, hosts.get(i).endpoint.nextTimeoutNanos());
    }
    return next;
  }
}
