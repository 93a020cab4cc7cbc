package io.posthorn.runtime;

import io.posthorn.EcnMark;
import io.posthorn.capture.CaptureWriter;
import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.files.BackgroundFile;
import io.posthorn.io.DatagramPort;
import io.posthorn.io.ForwardingDatagramPort;
import io.posthorn.io.RouteSource;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes every datagram that a port sends and receives into a pcapng file, as it is on the wire.
 * The file has a thread of its own: what a slow disk does not take in time is left out, counted in
 * the file; a full one ends the file, not the port.
 */
public final class CapturingDatagramPort extends ForwardingDatagramPort {
  /** Own addresses that are remembered by peer; a socket with more peers asks again. */
  private static final int REMEMBERED_PEERS = 1_024;

  private final BackgroundFile file;
  private final CaptureWriter out;
  private final InetSocketAddress bound;
  private final Map<InetAddress, InetSocketAddress> localByPeer = new HashMap<>();

  /** What the wall clock is ahead of the socket's; known with the first datagram. */
  private long aheadNanos = Long.MIN_VALUE;

  private long newestNanos;

  /**
   * Creates the file, or empties it, and owns the port from now on.
   *
   * @throws IOException if the file cannot be written; the port stays open
   */
  public CapturingDatagramPort(DatagramPort port, Path path) throws IOException {
    super(port);
    file =
        new BackgroundFile(
            path,
            Set.of(
                StandardOpenOption.WRITE,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING));
    out = new CaptureWriter(file::write);
    bound = port.localAddress();
  }

  @Override
  public int send(TransmitBatch batch, int firstSegment, long nowNanos) throws IOException {
    int sent = port.send(batch, firstSegment, nowNanos);
    if (sent > 0) {
      InetSocketAddress to = batch.peer();
      InetSocketAddress from = localTowards(to);
      long wallNanos = wallNanos(nowNanos);
      for (int i = firstSegment; i < firstSegment + sent; i++) {
        out.write(wallNanos, from, to, batch.mark(), batch.segment(i), "");
      }
    }
    return sent;
  }

  @Override
  public @Nullable InetSocketAddress receive(ByteBuffer into, long nowNanos) throws IOException {
    InetSocketAddress from = port.receive(into, nowNanos);
    if (from != null) {
      EcnMark mark = port.ecn();
      out.write(wallNanos(nowNanos), from, localTowards(from), mark, into, "");
    }
    return from;
  }

  /** Threads read the clock before they wait for the lock; a capture's time goes forward. */
  private long wallNanos(long nowNanos) {
    if (aheadNanos == Long.MIN_VALUE) {
      Instant now = Instant.now();
      aheadNanos = now.getEpochSecond() * 1_000_000_000L + now.getNano() - nowNanos;
    }
    newestNanos = Math.max(newestNanos, nowNanos);
    return newestNanos + aheadNanos;
  }

  /** The own address that a peer sees, where the system tells it. */
  private InetSocketAddress localTowards(InetSocketAddress peer) {
    InetAddress host = peer.getAddress();
    if (!bound.getAddress().isAnyLocalAddress()
        && host instanceof Inet4Address == bound.getAddress() instanceof Inet4Address) {
      return bound;
    }
    InetSocketAddress known = localByPeer.get(host);
    if (known == null) {
      if (localByPeer.size() >= REMEMBERED_PEERS) {
        localByPeer.clear();
      }
      known = new InetSocketAddress(routed(peer), bound.getPort());
      localByPeer.put(host, known);
    }
    return known;
  }

  private static InetAddress routed(InetSocketAddress peer) {
    boolean four = peer.getAddress() instanceof Inet4Address;
    try {
      InetAddress local = RouteSource.towards(peer);
      if (local != null && local instanceof Inet4Address == four) {
        return local;
      }
    } catch (IOException noRoute) {
      // The datagram was captured all the same; its own address is not known.
    }
    return unspecified(four);
  }

  private static InetAddress unspecified(boolean four) {
    try {
      return four
          ? InetAddress.getByAddress(new byte[4])
          : Inet6Address.getByAddress(null, new byte[16], -1);
    } catch (java.net.UnknownHostException impossible) {
      throw new IllegalStateException("4 or 16 bytes are an address", impossible);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      port.close();
    } finally {
      file.close();
    }
  }
}
