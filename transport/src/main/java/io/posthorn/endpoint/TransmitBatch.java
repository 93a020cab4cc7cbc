package io.posthorn.endpoint;

import io.posthorn.EcnMark;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A run of datagrams for one peer in one array: all of {@link #segmentBytes} but the last, which
 * may be shorter. What one system call with segmentation offload takes; other senders cut it up.
 * Filled by the endpoint, read by the port, then reused.
 */
public final class TransmitBatch {
  /** As many datagrams as one system call with segmentation offload takes. */
  static final int MOST_SEGMENTS = 64;

  private final byte[] bytes = new byte[WireLimits.MAX_DATAGRAM_BYTES];
  private final ByteBuffer view = ByteBuffer.wrap(bytes);
  private int length;
  private int segmentBytes;
  private @Nullable InetSocketAddress peer;
  private EcnMark mark = EcnMark.NOT_ECT;

  /** The array that holds the datagrams, from index 0. */
  public byte[] bytes() {
    return bytes;
  }

  /** All datagrams together, in bytes. */
  public int lengthBytes() {
    return length;
  }

  /** Size of each datagram but the last. */
  public int segmentBytes() {
    return segmentBytes;
  }

  /** Number of datagrams. */
  public int segments() {
    return segmentBytes == 0 ? (peer == null ? 0 : 1) : (length + segmentBytes - 1) / segmentBytes;
  }

  /** Where to. */
  public InetSocketAddress peer() {
    InetSocketAddress to = peer;
    if (to == null) {
      throw new IllegalStateException("an empty batch has no peer");
    }
    return to;
  }

  /** The ECN field that all of them are to have. */
  public EcnMark mark() {
    return mark;
  }

  /** Sets the ECN field of all of them. */
  public void mark(EcnMark newMark) {
    mark = newMark;
  }

  /** A view of segment {@code index}; valid until the next call. */
  public ByteBuffer segment(int index) {
    int from = index * segmentBytes;
    view.limit(Math.min(length, from + segmentBytes));
    view.position(from);
    return view;
  }

  /** Empties the batch. */
  public void clear() {
    length = 0;
    segmentBytes = 0;
    peer = null;
    mark = EcnMark.NOT_ECT;
  }

  /** Begins a batch of unmarked datagrams for one peer; the first is already written at index 0. */
  public void begin(InetSocketAddress to, int datagramBytes) {
    peer = to;
    segmentBytes = datagramBytes;
    mark = EcnMark.NOT_ECT;
    length = datagramBytes;
  }

  /**
   * Adds a datagram, already written at {@link #lengthBytes}.
   *
   * @param datagramBytes at most {@link #segmentBytes}; a smaller one must be the last
   */
  public void append(int datagramBytes) {
    if (datagramBytes > segmentBytes || length % segmentBytes != 0) {
      throw new IllegalStateException("only the last datagram of a batch may be shorter");
    }
    length += datagramBytes;
  }
}
