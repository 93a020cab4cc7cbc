package io.posthorn.endpoint;

import io.posthorn.ConnectionInfo;
import io.posthorn.Delivery;
import io.posthorn.EcnMark;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.AddressZone;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.protocol.channel.ReceivedRun;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.IcmpHint;
import io.posthorn.wire.VarInt;
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
  static final int MESSAGE_COST_BYTES = DatagramQueue.DATAGRAM_COST_BYTES;

  /**
   * Datagrams lent to a handler between two looks at the network: meanwhile what comes must find
   * room in the kernel's buffer, for nothing holds a sender back.
   */
  private static final int MOST_LENT = 32;

  private final long sendLimitBytes;
  private final long receiveLimitBytes;
  private final EndpointCounters counters = new EndpointCounters();

  private final DatagramQueue outgoing = new DatagramQueue();

  /** For whoever takes messages one by one; older than all that can be lent. */
  private final ArrayDeque<ReceivedMessage> incoming = new ArrayDeque<>();

  private final DatagramQueue lendable = new DatagramQueue();
  private final ArrayDeque<EndpointEvent> events = new ArrayDeque<>();
  private long incomingBytes;

  /** Whoever has asked for a run once takes messages that way. */
  private boolean lends;

  private @Nullable InetSocketAddress blockedPeer;
  private boolean closing;
  private long closeDeadlineNanos = NEVER;

  /** An endpoint whose queues are bounded by the send buffer and the socket's receive limit. */
  public PlainEndpoint(SocketOptions options) {
    sendLimitBytes = options.sendBufferBytes();
    receiveLimitBytes = options.socketReceiveBytes();
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
    long cost = lends ? lendable.costBytes(length) : length + (long) MESSAGE_COST_BYTES;
    if (closing || incomingBytes + lendable.heldBytes() + cost > receiveLimitBytes) {
      counters.drop(closing ? DropReason.CLOSING : DropReason.QUEUE_FULL);
      return;
    }
    if (lends) {
      lendable.add(from, datagram);
      return;
    }
    byte[] body = new byte[length];
    datagram.get(body);
    incomingBytes += cost;
    incoming.add(message(from, body));
  }

  /** A letter is gone, whatever becomes of it. */
  @Override
  public void onIcmp(InetSocketAddress peer, IcmpHint hint) {}

  @Override
  public boolean isOpening() {
    return false;
  }

  private static ReceivedMessage message(InetSocketAddress from, byte[] body) {
    return new ReceivedMessage(NO_CONNECTION, from, 0, Delivery.UNRELIABLE, -1, body, false, false);
  }

  @Override
  public void onTimeout(long nowNanos) {
    if (nowNanos >= closeDeadlineNanos) {
      outgoing.clear();
    }
  }

  @Override
  public long nextTimeoutNanos() {
    return outgoing.isEmpty() ? NEVER : closeDeadlineNanos;
  }

  @Override
  public boolean pollTransmit(TransmitBatch out, long nowNanos) {
    out.clear();
    if (outgoing.isEmpty()) {
      return false;
    }
    out.begin(outgoing.peer(), write(out.bytes(), 0));
    int segmentBytes = out.segmentBytes();
    while (segmentBytes > 0
        && out.segments() < TransmitBatch.MOST_SEGMENTS
        && out.lengthBytes() % segmentBytes == 0
        && !outgoing.isEmpty()
        && fits(outgoing.length(), segmentBytes, out)
        && AddressZone.isSame(outgoing.peer(), out.peer())) {
      out.append(write(out.bytes(), out.lengthBytes()));
    }
    wakeSender();
    return true;
  }

  private static boolean fits(int length, int segmentBytes, TransmitBatch out) {
    return length > 0
        && length <= segmentBytes
        && out.lengthBytes() + length <= WireLimits.MAX_DATAGRAM_BYTES;
  }

  /** Moves the next message to a batch; answers its length. */
  private int write(byte[] out, int to) {
    int length = outgoing.length();
    outgoing.take(out, to);
    counters.datagramsSent++;
    counters.bytesSent += length;
    return length;
  }

  private void wakeSender() {
    InetSocketAddress peer = blockedPeer;
    if (peer != null && outgoing.heldBytes() <= sendLimitBytes / 2) {
      blockedPeer = null;
      events.add(new EndpointEvent.Writable(NO_CONNECTION, peer));
    }
  }

  @Override
  public boolean hasOutput() {
    return !outgoing.isEmpty();
  }

  @Override
  public Security security() {
    return Security.none();
  }

  @Override
  public @Nullable EndpointEvent pollEvent() {
    return events.poll();
  }

  @Override
  public @Nullable ReceivedMessage pollMessage(long nowNanos) {
    ReceivedMessage message = incoming.poll();
    if (message != null) {
      incomingBytes -= message.body().length + (long) MESSAGE_COST_BYTES;
      counters.messagesReceived++;
    } else if (!lendable.isEmpty()) {
      InetSocketAddress from = lendable.peer();
      byte[] body = new byte[lendable.length()];
      lendable.take(body, 0);
      message = message(from, body);
      counters.messagesReceived++;
    }
    return message;
  }

  @Override
  public long connectionTo(InetSocketAddress peer) {
    return NO_CONNECTION;
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
    if (isFullFor(body.length)) {
      blockedPeer = message.peer();
      return SendOutcome.BLOCKED;
    }
    outgoing.add(message.peer(), body, 0, body.length);
    counters.messagesSent++;
    Object receipt = message.receipt();
    if (receipt != null) {
      events.add(new EndpointEvent.ReceiptSettled(receipt, ReceiptOutcome.UNKNOWN, null, true));
    }
    return SendOutcome.ACCEPTED;
  }

  private boolean isFullFor(int length) {
    return !outgoing.isEmpty()
        && outgoing.heldBytes() + outgoing.costBytes(length) > sendLimitBytes;
  }

  @Override
  public SendOutcome sendBody(
      long connection, InetSocketAddress peer, int channel, ByteBuffer body, long nowNanos) {
    int length = body.remaining();
    if (closing) {
      return SendOutcome.CLOSED;
    }
    if (length > WireLimits.MAX_DATAGRAM_BYTES) {
      return SendOutcome.TOO_LARGE;
    }
    if (isFullFor(length)) {
      blockedPeer = peer;
      return SendOutcome.BLOCKED;
    }
    outgoing.add(peer, body);
    counters.messagesSent++;
    return SendOutcome.ACCEPTED;
  }

  /** Plain mode sends no message in parts. */
  @Override
  public void abortMessage(long connection, int channel, long nowNanos) {}

  @Override
  public int sendRun(
      long connection,
      InetSocketAddress peer,
      int channel,
      byte[] encoded,
      int from,
      int to,
      boolean beyondLimit,
      long nowNanos) {
    if (closing) {
      return -1;
    }
    int at = from;
    while (at < to) {
      int header = VarInt.lengthOfFirstByte(encoded[at]);
      int length = (int) (VarInt.read(encoded, at, at + header) >>> 1);
      if (!beyondLimit && isFullFor(length)) {
        blockedPeer = peer;
        break;
      }
      outgoing.add(peer, encoded, at + header, length);
      counters.messagesSent++;
      at += header + length;
    }
    return at;
  }

  /** Plain mode promises nothing. */
  @Override
  public void onUnsent(InetSocketAddress peer) {
    Objects.requireNonNull(peer, "peer");
  }

  @Override
  public boolean lendRun(ReceivedRun run) {
    lends = true;
    if (!incoming.isEmpty() || lendable.isEmpty()) {
      return false;
    }
    lendable.lend(run, MOST_LENT);
    return true;
  }

  @Override
  public void endRun(ReceivedRun run, long nowNanos) {
    counters.messagesReceived += run.count();
    if (!lendable.isEmpty()) { // or it was closed meanwhile
      lendable.drop(run.count());
    }
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
    lendable.clear();
    if (lingerNanos <= 0) {
      onTimeout(nowNanos);
    }
  }

  @Override
  public @Nullable StrayReset pollStray() {
    return null;
  }

  @Override
  public void onStray(StrayReset reset, long nowNanos) {}

  @Override
  public void abandonAll(long nowNanos) {
    closeAll(0, nowNanos);
  }

  @Override
  public boolean isClosed() {
    return closing && outgoing.isEmpty();
  }

  /** A letter is gone as soon as it is posted. */
  @Override
  public boolean cancel(long connection, InetSocketAddress peer, Object receipt, long nowNanos) {
    return false;
  }

  /** Plain mode tells its peers nothing. */
  @Override
  public void announceRegistrations(byte[] fingerprint) {
    // There is no handshake to tell it in.
  }

  @Override
  public void destroy() {
    // There are no secrets.
  }

  @Override
  public void updateKeys(long connection, long nowNanos) {}

  @Override
  public void confirm(ReceivedMessage message, long nowNanos) {
    Objects.requireNonNull(message, "message");
  }

  @Override
  public List<ConnectionInfo> connections(long nowNanos) {
    return List.of();
  }

  @Override
  public @Nullable ConnectionInfo info(long connection, long nowNanos) {
    return null;
  }

  @Override
  public EndpointCounters counters() {
    return counters;
  }
}
