package io.posthorn.runtime;

import io.posthorn.EcnMark;
import io.posthorn.capture.CaptureFile;
import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.io.DatagramPort;
import io.posthorn.io.ForwardingDatagramPort;
import io.posthorn.io.RouteSource;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes every datagram that a port sends and receives into a pcapng file, as it is on the wire.
 */
public final class CapturingDatagramPort extends ForwardingDatagramPort {
  /** Own addresses that are remembered by peer; a socket with more peers asks again. */
  private static final int REMEMBERED_PEERS = 1_024;

  private final CaptureFile file;
  private final InetSocketAddress bound;
  private final Map<InetAddress, InetSocketAddress> localByPeer = new HashMap<>();

  /**
   * Creates the file, or empties it, and owns the port from now on.
   *
   * @throws IOException if the file cannot be written; the port stays open
   */
  public CapturingDatagramPort(DatagramPort port, Path path) throws IOException {
    super(port);
    file = new CaptureFile(path);
    bound = port.localAddress();
  }

  @Override
  public int send(TransmitBatch batch, int firstSegment, long nowNanos) throws IOException {
    int sent = port.send(batch, firstSegment, nowNanos);
    if (sent > 0) {
      InetSocketAddress to = batch.peer();
      InetSocketAddress from = localTowards(to);
      for (int i = firstSegment; i < firstSegment + sent; i++) {
        file.write(nowNanos, from, to, batch.mark(), batch.segment(i), "");
      }
    }
    return sent;
  }

  @Override
  public @Nullable InetSocketAddress receive(ByteBuffer into, long nowNanos) throws IOException {
    InetSocketAddress from = port.receive(into, nowNanos);
    if (from != null) {
      EcnMark mark = port.ecn();
      file.write(nowNanos, from, localTowards(from), mark, into, "");
    }
    return from;
  }

  /** The own address that a peer sees, where the system tells it. */
  private InetSocketAddress localTowards(InetSocketAddress peer) {
    InetAddress host = peer.getAddress();
    InetSocketAddress told = port.localAddress(peer);
    if (!told.getAddress().isAnyLocalAddress()
        && host instanceof Inet4Address == told.getAddress() instanceof Inet4Address) {
      return told;
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
    return CaptureFile.unspecifiedLike(peer.getAddress());
  }

  @Override
  public void close() throws IOException {
    try {
      port.close();
    } finally {
      file.beginClose();
    }
  }

  @Override
  public void awaitWritten() {
    port.awaitWritten();
    file.close();
  }
}
