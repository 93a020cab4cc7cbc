package io.posthorn.simulation;

import io.posthorn.simulation.LinkConditions.Rebinding;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Relay}'s sockets towards its target, one for each client as behind a NAT: opening them,
 * sending on them, and giving a client a new one when its mapping is forgotten.
 */
final class UpstreamSockets {
  private static final int BUFFER_BYTES = 4 << 20;

  private final InetSocketAddress target;
  private final Selector selector;
  private long rebindings;
  private long failures;

  UpstreamSockets(InetSocketAddress target, Selector selector) {
    this.target = target;
    this.selector = selector;
  }

  /** Where a client's datagrams come from, as the target sees it. */
  InetSocketAddress ownAddress(RelayClient client) throws IOException {
    return (InetSocketAddress) client.upstream.getLocalAddress();
  }

  InetSocketAddress target() {
    return target;
  }

  /** Bytes of IP and UDP headers on the way to the target. */
  int headerBytes() {
    return isIpv6() ? SimulatedLink.IPV6_UDP_BYTES : SimulatedLink.IPV4_UDP_BYTES;
  }

  /** Sockets that could not be opened, and datagrams that the system did not take. */
  long failures() {
    return failures;
  }

  /** What this machine must have for them. */
  ProtocolFamily family() {
    return isIpv6() ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET;
  }

  private boolean isIpv6() {
    return target.getAddress() instanceof Inet6Address;
  }

  /** A socket towards the target; null, and counted, if the system has none to give. */
  @Nullable DatagramChannel open() {
    try {
      return open(null);
    } catch (IOException failure) {
      failures++;
      return null;
    }
  }

  private DatagramChannel open(@Nullable InetAddress source) throws IOException {
    DatagramChannel channel = DatagramChannel.open(family());
    try {
      channel.configureBlocking(false);
      enlarge(channel);
      if (source != null) {
        channel.bind(new InetSocketAddress(source, 0));
      }
      channel.connect(target);
      channel.register(selector, SelectionKey.OP_READ);
      return channel;
    } catch (IOException failure) {
      channel.close();
      throw failure;
    }
  }

  /** Larger kernel buffers, as far as the system grants them: what it drops, no seed decides. */
  static void enlarge(DatagramChannel channel) throws IOException {
    channel.setOption(StandardSocketOptions.SO_RCVBUF, BUFFER_BYTES);
    channel.setOption(StandardSocketOptions.SO_SNDBUF, BUFFER_BYTES);
  }

  /** From now on what arrives at the client's socket is read as the client's. */
  void attach(DatagramChannel channel, RelayClient client) {
    channel.keyFor(selector).attach(client);
  }

  void send(DatagramChannel upstream, ByteBuffer datagram) throws IOException {
    boolean empty = !datagram.hasRemaining();
    if (empty && upstream.isConnected()) {
      // A connected channel of the JDK sends nothing for an empty buffer, an unconnected one does;
      // and connecting again would throw away what has arrived. So it stays unconnected, which
      // costs the news of ICMP errors for a client that sends empty datagrams.
      upstream.disconnect();
    }
    int sent = upstream.isConnected() ? upstream.write(datagram) : upstream.send(datagram, target);
    if (sent == 0 && !empty) {
      failures++; // the kernel's buffer is full
    }
  }

  /** Gives a client a new socket if a rebinding has fallen due. */
  void refreshMapping(RelayClient client, long nowNanos) {
    if (!client.isRebindingDue(nowNanos)) {
      return;
    }
    DatagramChannel fresh = null;
    InetAddress source = sourceAfterRebinding(client);
    if (source != null) {
      try {
        fresh = open(source);
      } catch (IOException failure) {
        failures++; // some systems have 127.0.0.1 alone: then a new port must do
      }
    }
    if (fresh == null) {
      fresh = open();
    }
    if (fresh == null) {
      return; // the old mapping lives on
    }
    attach(fresh, client);
    close(client.upstream);
    client.upstream = fresh;
  }

  /**
   * Another address of this host's loopback, 127.0.0.2 to 127.0.0.251; null where there is none.
   */
  private @Nullable InetAddress sourceAfterRebinding(RelayClient client) {
    InetAddress host = target.getAddress();
    if (client.up.conditions().rebinding() != Rebinding.ADDRESS
        || !(host instanceof Inet4Address)
        || !host.isLoopbackAddress()) {
      return null;
    }
    byte[] address = {127, 0, 0, (byte) (2 + rebindings++ % 250)};
    try {
      return InetAddress.getByAddress(address);
    } catch (UnknownHostException impossible) {
      throw new IllegalStateException("4 bytes are an address", impossible);
    }
  }

  void close(DatagramChannel channel) {
    try {
      channel.close();
    } catch (IOException failure) {
      failures++; // nothing depends on a socket that is given up
    }
  }
}
