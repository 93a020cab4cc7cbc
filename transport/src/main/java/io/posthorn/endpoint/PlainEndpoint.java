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
  static final int MESSAGE_COST_BYTES = 128;

  /** As many as one system call with segmentation offload takes. */
  private static final int MAX_SEGMENTS = 64;

  private static final int KEPT_RUNS = 2;

  private final long sendLimitBytes;
  private final long receiveLimitBytes;
  private final EndpointCounters counters = new EndpointCounters();

  /** Each an {@link OutgoingMessage} or a {@link PlainRun} with something in it. */
  private final ArrayDeque<Object> outgoing = new ArrayDeque<>();

  private final ArrayDeque<PlainRun> emptyRuns = new ArrayDeque<>();
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
    if (outgoing.isEmpty()) {
      return false;
    }
    out.begin(nextPeer(), write(out.bytes(), 0));
    int segmentBytes = out.segmentBytes();
    while (segmentBytes > 0
        && out.segments() < MAX_SEGMENTS
        && out.lengthBytes() % segmentBytes == 0
        && !outgoing.isEmpty()
        && fits(nextBytes(), segmentBytes, out)
        && nextPeer().equals(out.peer())) {
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

  private InetSocketAddress nextPeer() {
    return outgoing.element() instanceof PlainRun run
        ? run.peer()
        : ((OutgoingMessage) outgoing.element()).peer();
  }

  private int nextBytes() {
    return outgoing.element() instanceof PlainRun run
        ? run.nextBytes()
        : ((OutgoingMessage) outgoing.element()).body().length;
  }

  /** Moves the next message to a batch; answers its length. */
  private int write(byte[] out, int to) {
    int length = nextBytes();
    if (outgoing.element() instanceof PlainRun run) {
      run.take(out, to);
      if (run.isEmpty()) {
        outgoing.remove();
        keep(run);
      }
    } else {
      byte[] body = ((OutgoingMessage) outgoing.remove()).body();
      System.arraycopy(body, 0, out, to, length);
    }
    outgoingBytes -= length + (long) MESSAGE_COST_BYTES;
    counters.datagramsSent++;
    counters.bytesSent += length;
    return length;
  }

  private void keep(PlainRun run) {
    if (emptyRuns.size() < KEPT_RUNS) {
      emptyRuns.addLast(run);
    }
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

  /** Plain mode has no connections. */
  @Override
  public SendOutcome sendBody(long connection, int channel, ByteBuffer body, long nowNanos) {
    return SendOutcome.CLOSED;
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
      long cost = length + (long) MESSAGE_COST_BYTES;
      if (!beyondLimit && outgoingBytes > 0 && outgoingBytes + cost > sendLimitBytes) {
        blockedPeer = peer;
        break;
      }
      outgoingBytes += cost;
      counters.messagesSent++;
      at += header + length;
    }
    if (at > from) {
      PlainRun run = emptyRuns.isEmpty() ? new PlainRun() : emptyRuns.removeLast();
      run.fill(peer, encoded, from, at);
      outgoing.add(run);
    }
    return at;
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
