package io.posthorn.simulation;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The way of datagrams through a {@link Relay}: taken from a socket, given to a link, and sent on
 * when they come out of it. Counts what goes wrong. The caller holds the relay's lock.
 */
final class RelayTraffic {
  private static final int READS_AT_ONCE = 64; // so that one busy socket does not starve the rest

  private final DatagramChannel listener;
  private final InetSocketAddress localAddress;
  private final boolean refusesIpv4;
  private final UpstreamSockets upstreams;
  private final RelayClients clients;
  private final @Nullable LinkRecorder recorder;
  private final @Nullable RelayCapture capture;
  private final LongSupplier clock;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(65_536);
  private long refusedClients;
  private long icmpErrors;
  private long socketErrors;

  /**
   * Nothing is under way yet.
   *
   * @param listener where clients send
   * @param refusesIpv4 whether it is for IPv6 alone: a channel of the JDK's that is of IPv6 has
   *     IPv4 too
   * @param recorder told of each fate; null for nobody
   * @param capture told of each datagram; null for nobody
   * @param clock nanoseconds since the relay's start
   */
  RelayTraffic(
      DatagramChannel listener,
      InetSocketAddress localAddress,
      boolean refusesIpv4,
      UpstreamSockets upstreams,
      RelayClients clients,
      @Nullable LinkRecorder recorder,
      @Nullable RelayCapture capture,
      LongSupplier clock) {
    this.listener = listener;
    this.localAddress = localAddress;
    this.refusesIpv4 = refusesIpv4;
    this.upstreams = upstreams;
    this.clients = clients;
    this.recorder = recorder;
    this.capture = capture;
    this.clock = clock;
  }

  /** What it did so far. */
  RelayStatistics statistics() {
    return new RelayStatistics(
        clients.upCounters(),
        clients.downCounters(),
        clients.count(),
        refusedClients,
        icmpErrors,
        socketErrors + upstreams.failures());
  }

  /** Takes what clients have sent. */
  void readFromClients() {
    for (int i = 0; i < READS_AT_ONCE; i++) {
      SocketAddress from;
      buffer.clear();
      try {
        from = listener.receive(buffer);
      } catch (IOException failure) {
        countError(failure);
        continue;
      }
      if (from == null) {
        return;
      }
      if (refusesIpv4 && ((InetSocketAddress) from).getAddress() instanceof Inet4Address) {
        refusedClients++;
        continue;
      }
      buffer.flip();
      long now = clock.getAsLong();
      RelayClient client = clients.find(from);
      if (client == null) {
        client = clients.admit((InetSocketAddress) from, now);
      }
      if (client == null) {
        refusedClients++;
        continue;
      }
      offer(client, client.up, 0, now);
    }
  }

  /** Takes what the target has sent to a client. */
  void readFromTarget(RelayClient client) {
    for (int i = 0; i < READS_AT_ONCE; i++) {
      long now = clock.getAsLong();
      upstreams.refreshMapping(client, now);
      SocketAddress from;
      buffer.clear();
      try {
        from = client.upstream.receive(buffer); // unlike read, it tells an empty datagram from none
      } catch (IOException failure) {
        countError(failure);
        continue;
      }
      if (from == null) {
        return;
      }
      if (!client.upstream.isConnected() && !from.equals(upstreams.target())) {
        socketErrors++; // a stranger's
        continue;
      }
      buffer.flip();
      offer(client, client.down, 1, now);
    }
  }

  private void offer(RelayClient client, SimulatedLink<RelayClient> link, int way, long now) {
    client.activeNanos = now;
    DatagramFate fate = link.offer(buffer, client, now);
    if (recorder != null) {
      recorder.onOffered(client.number, way, link, fate, buffer.remaining(), now);
    }
    if (capture != null) {
      captureReceived(capture, client, way, fate, now);
    }
    clients.reschedule(client);
  }

  private void captureReceived(
      RelayCapture into, RelayClient client, int way, DatagramFate fate, long now) {
    try {
      if (way == 0) {
        into.onReceived(client.address, localAddress, buffer, fate, now);
      } else {
        into.onReceived(upstreams.target(), upstreams.ownAddress(client), buffer, fate, now);
      }
    } catch (IOException failure) {
      socketErrors++; // a socket that is given up has no address any more
    }
  }

  /** Sends what has come out of the links by now. */
  void deliverDue() {
    long now = clock.getAsLong();
    RelayClient client = clients.firstDue(now);
    while (client != null) {
      upstreams.refreshMapping(client, now);
      ByteBuffer datagram = client.up.poll(now);
      while (datagram != null) {
        try {
          if (capture != null) {
            capture.onSent(upstreams.ownAddress(client), upstreams.target(), datagram, now);
          }
          upstreams.send(client.upstream, datagram);
        } catch (IOException failure) {
          countError(failure);
        }
        datagram = client.up.poll(now);
      }
      datagram = client.down.poll(now);
      while (datagram != null) {
        try {
          if (capture != null) {
            capture.onSent(localAddress, client.address, datagram, now);
          }
          if (listener.send(datagram, client.address) == 0 && datagram.hasRemaining()) {
            socketErrors++;
          }
        } catch (IOException failure) {
          countError(failure);
        }
        datagram = client.down.poll(now);
      }
      clients.reschedule(client);
      client = clients.firstDue(now);
    }
  }

  /** Something happened to a single datagram or socket, which ends nothing. */
  void countError(IOException failure) {
    if (failure instanceof PortUnreachableException) {
      icmpErrors++;
    } else {
      socketErrors++;
    }
  }

  /** Closes the clients' sockets and the files; what is under way is lost. */
  void end() {
    clients.closeAll();
    if (recorder != null) {
      recorder.close();
    }
    if (capture != null) {
      capture.close();
    }
  }
}
