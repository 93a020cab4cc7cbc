package io.posthorn.endpoint;

import io.posthorn.ConnectionInfo;
import io.posthorn.Delivery;
import io.posthorn.EcnMark;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.protocol.channel.ReceivedRun;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * {@code Mode.PLAIN}: each message is one datagram, byte for byte. Knows no peers, only two bounded
 * queues. A datagram without a byte is legal in UDP and is handed over as an empty message.
 */
public final class PlainEndpoint implements Endpoint {
  /** What a queued message costs beside its body: the objects around it, rounded up. */
  static final int MESSAGE_COST_BYTES = 128;

  /** As many as one system call with segmentation offload takes. */
  private static final int MAX_SEGMENTS = 64;

  private final long sendLimitBytes;
  private final long receiveLimitBytes;
  private final EndpointCounters counters = new EndpointCounters();
  private final ArrayDeque<OutgoingMessage> outgoing = new ArrayDeque<>();
  private final ArrayDeque<ReceivedMessage> incoming = new ArrayDeque<>();
  private final ArrayDeque<EndpointEvent> events = new ArrayDeque<>();
  private long outgoingBytes;
  private long incomingBytes;
  private @Nullable InetSocketAddress blockedPeer;
  private boolean closing;
  private long closeDeadlineNanos = NEVER;

  /** An endpoint whose queues are bounded by the send buffer and the socket's receive limit. */
  public PlainEndpoint(SocketOptions options) {
    sendLimitBytes = options.sendBufferBytes();
    receiveLimitBytes = options.socketReceiveBytes();
  }

  private static long cost(byte[] body) {
    return body.length + (long) MESSAGE_COST_BYTES;
  }

  @Override
  public void onDatagram(ByteBuffer datagram, InetSocketAddress from, EcnMark ecn, long nowNanos) {
    int length = datagram.remaining();
    counters.datagramsReceived++;
    counters.bytesReceived += length;
    if (length > WireLimits.MAX_DATAGRAM_BYTES) {
      counters.drop(DropReason.TOO_LONG);
      return;
    }
    if (closing || incomingBytes + length + MESSAGE_COST_BYTES > receiveLimitBytes) {
      counters.drop(closing ? DropReason.CLOSING : DropReason.QUEUE_FULL);
      return;
    }
    byte[] body = new byte[length];
    datagram.get(body);
    incomingBytes += cost(body);
    incoming.add(
        new ReceivedMessage(NO_CONNECTION, from, 0, Delivery.UNRELIABLE, -1, body, false, false));
  }

  @Override
  public void onTimeout(long nowNanos) {
    if (nowNanos >= closeDeadlineNanos) {
      outgoing.clear();
      outgoingBytes = 0;
    }
  }

  @Override
  public long nextTimeoutNanos() {
    return outgoing.isEmpty() ? NEVER : closeDeadlineNanos;
  }

  @Override
  public boolean pollTransmit(TransmitBatch out, long nowNanos) {
    out.clear();
    OutgoingMessage first = outgoing.poll();
    if (first == null) {
      return false;
    }
    int segmentBytes = first.body().length;
    write(first, out, true);
    while (segmentBytes > 0 && out.segments() < MAX_SEGMENTS) {
      OutgoingMessage next = outgoing.peek();
      if (next == null || !next.peer().equals(out.peer()) || !fits(next, segmentBytes, out)) {
        break;
      }
      outgoing.remove();
      write(next, out, false);
      if (next.body().length < segmentBytes) {
        break;
      }
    }
    wakeSender();
    return true;
  }

  private static boolean fits(OutgoingMessage next, int segmentBytes, TransmitBatch out) {
    int length = next.body().length;
    return length > 0
        && length <= segmentBytes
        && out.lengthBytes() + length <= WireLimits.MAX_DATAGRAM_BYTES;
  }

  private void write(OutgoingMessage message, TransmitBatch out, boolean isFirst) {
    byte[] body = message.body();
    outgoingBytes -= cost(body);
    System.arraycopy(body, 0, out.bytes(), isFirst ? 0 : out.lengthBytes(), body.length);
    if (isFirst) {
      out.begin(message.peer(), body.length);
    } else {
      out.append(body.length);
    }
    counters.datagramsSent++;
    counters.bytesSent += body.length;
  }

  private void wakeSender() {
    InetSocketAddress peer = blockedPeer;
    if (peer != null && outgoingBytes <= sendLimitBytes / 2) {
      blockedPeer = null;
      events.add(new EndpointEvent.Writable(NO_CONNECTION, peer));
    }
  }

  @Override
  public @Nullable EndpointEvent pollEvent() {
    return events.poll();
  }

  @Override
  public @Nullable ReceivedMessage pollMessage(long nowNanos) {
    ReceivedMessage message = incoming.poll();
    if (message != null) {
      incomingBytes -= cost(message.body());
      counters.messagesReceived++;
    }
    return message;
  }

  @Override
  public boolean hasMessage(long connection) {
    return false;
  }

  @Override
  public @Nullable ReceivedMessage pollMessage(long connection, long nowNanos) {
    return null;
  }

  @Override
  public @Nullable ReceivedMessage pollPart(long connection, int channel, long nowNanos) {
    return null;
  }

  @Override
  public SendOutcome send(OutgoingMessage message, long nowNanos) {
    byte[] body = message.body();
    if (closing) {
      return SendOutcome.CLOSED;
    }
    if (message.more() || body.length > WireLimits.MAX_DATAGRAM_BYTES) {
      return SendOutcome.TOO_LARGE;
    }
    if (!outgoing.isEmpty() && outgoingBytes + cost(body) > sendLimitBytes) {
      blockedPeer = message.peer();
      return SendOutcome.BLOCKED;
    }
    outgoingBytes += cost(body);
    outgoing.add(message);
    counters.messagesSent++;
    Object receipt = message.receipt();
    if (receipt != null) {
      events.add(new EndpointEvent.ReceiptSettled(receipt, ReceiptOutcome.UNKNOWN, null, true));
    }
    return SendOutcome.ACCEPTED;
  }

  /** Plain mode has no channels. */
  @Override
  public int sendRun(
      long connection,
      int channel,
      byte[] encoded,
      int from,
      int to,
      boolean beyondLimit,
      long nowNanos) {
    return -1;
  }

  /** Plain mode promises nothing. */
  @Override
  public void onUnsent(InetSocketAddress peer) {
    Objects.requireNonNull(peer, "peer");
  }

  /** Plain mode hands out each datagram by itself. */
  @Override
  public boolean lendRun(ReceivedRun run) {
    return false;
  }

  /** Plain mode lends nothing. */
  @Override
  public void endRun(ReceivedRun run, long nowNanos) {
    throw new IllegalStateException("nothing was lent");
  }

  /** Plain mode has no connections. */
  @Override
  public long connect(InetSocketAddress peer, long nowNanos) {
    return NO_CONNECTION;
  }

  /** Plain mode has no connections: nothing happens. */
  @Override
  public void close(
      long connection, long applicationCode, String text, long lingerNanos, long nowNanos) {
    Objects.requireNonNull(text, "text");
  }

  @Override
  public void closeAll(long lingerNanos, long nowNanos) {
    long deadline = lingerNanos >= NEVER - nowNanos ? NEVER : nowNanos + lingerNanos;
    closing = true;
    closeDeadlineNanos = Math.min(closeDeadlineNanos, deadline);
    incoming.clear();
    incomingBytes = 0;
    if (lingerNanos <= 0) {
      onTimeout(nowNanos);
    }
  }

  @Override
  public boolean isClosed() {
    return closing && outgoing.isEmpty();
  }

  /** Plain mode tells its peers nothing. */
  @Override
  public void confirm(ReceivedMessage message, long nowNanos) {
    Objects.requireNonNull(message, "message");
  }

  @Override
  public List<ConnectionInfo> connections(long nowNanos) {
    return List.of();
  }

  @Override
  public EndpointCounters counters() {
    return counters;
  }
}
