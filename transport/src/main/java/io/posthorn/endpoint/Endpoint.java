package io.posthorn.endpoint;

import io.posthorn.ConnectionInfo;
import io.posthorn.EcnMark;
import io.posthorn.Security;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.protocol.channel.ReceivedRun;
import io.posthorn.wire.IcmpHint;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything behind one port, without thread, socket or clock. Not thread-safe: the caller holds a
 * lock around each call.
 *
 * <p>Four kinds of methods. Inputs from the network: {@link #onDatagram}, {@link #onTimeout},
 * {@link #onIcmp}. Inputs from the application: {@link #send}, {@link #connect}, {@link #close} and
 * their like. Outputs: after any input, call {@link #pollTransmit} until it answers false, then
 * {@link #pollEvent} until null, then wait for {@link #nextTimeoutNanos}. {@link #pollMessage} is
 * called when the application wants a message, for taking one is what returns credit to the peer;
 * so does passing over one that its sender gave up, and then it may find none: {@link #hasOutput}
 * tells. The rest are questions.
 *
 * <p>Times are nanoseconds of one clock that never goes back and starts near zero.
 */
public interface Endpoint {
  /** No deadline. */
  long NEVER = Long.MAX_VALUE;

  /** A connection handle that names none: the connection is found by address. */
  long NO_CONNECTION = 0;

  /**
   * A datagram came in.
   *
   * @param datagram position to limit; borrowed for the call
   * @param from where it came from
   */
  void onDatagram(ByteBuffer datagram, InetSocketAddress from, EcnMark ecn, long nowNanos);

  /**
   * An ICMP message says that a datagram did not get to this address. Of use only while {@link
   * #isOpening}: an attempt to open a connection there remembers it for the words of its end.
   */
  void onIcmp(InetSocketAddress peer, IcmpHint hint);

  /** Whether an attempt of this side to open a connection is under way. */
  boolean isOpening();

  /** A deadline given by {@link #nextTimeoutNanos} has come. Early calls do no harm. */
  void onTimeout(long nowNanos);

  /** When {@link #onTimeout} wants to be called, or {@link #NEVER}. */
  long nextTimeoutNanos();

  /**
   * Takes the next datagrams to send, all for one peer and, but for the last, of one size.
   *
   * @param out emptied and filled; untouched by the endpoint afterwards
   * @return false if nothing may leave now
   */
  boolean pollTransmit(TransmitBatch out, long nowNanos);

  /** Whether {@link #pollTransmit} is to be asked again. */
  boolean hasOutput();

  /** How it protects itself, and whom it takes. */
  Security security();

  /** Takes the next event, or null. */
  @Nullable EndpointEvent pollEvent();

  /** Takes the next message for the application, or null; returns credit to its sender. */
  @Nullable ReceivedMessage pollMessage(long nowNanos);

  /** Whether {@link #pollMessage(long, long)} would answer a message. */
  boolean hasMessage(long connection);

  /** Takes the next message of one connection, or null; returns credit to its sender. */
  @Nullable ReceivedMessage pollMessage(long connection, long nowNanos);

  /**
   * Takes the next part of a message of which {@link #pollMessage} handed out the first part with
   * {@link ReceivedMessage#more()}; null if none has arrived yet. Parts end with one without {@code
   * more}; a message aborted by its sender ends with {@link ReceivedMessage#aborted()}.
   */
  @Nullable ReceivedMessage pollPart(long connection, int channel, long nowNanos);

  /** Takes or refuses a message; see {@link SendOutcome}. Never throws for what a peer did. */
  SendOutcome send(OutgoingMessage message, long nowNanos);

  /**
   * Takes one ordered message, of which nothing but the bytes matter; they are copied at once. Only
   * after a message on the same channel was accepted. In plain mode, for one peer.
   *
   * @param peer where to, in plain mode
   * @return {@link SendOutcome#BLOCKED} if it may be offered again after {@link
   *     EndpointEvent.Writable}; any other refusal means that {@link #send} must be asked
   */
  SendOutcome sendBody(
      long connection, InetSocketAddress peer, int channel, ByteBuffer body, long nowNanos);

  /**
   * Gives up the message of which parts were sent on this channel and not the last, whether there
   * is room or not; does nothing if there is none.
   */
  void abortMessage(long connection, int channel, long nowNanos);

  /**
   * Takes a run of small messages for one ordered channel, which has been used before, each encoded
   * as one chunk of the channel's stream. In plain mode, for one peer.
   *
   * @param peer where to, in plain mode
   * @param beyondLimit whether to take all even if the send buffer is full; else what is left over
   *     may be offered again after {@link EndpointEvent.Writable}
   * @return index after the last byte taken; -1 if the connection takes none any more
   */
  int sendRun(
      long connection,
      InetSocketAddress peer,
      int channel,
      byte[] encoded,
      int from,
      int to,
      boolean beyondLimit,
      long nowNanos);

  /**
   * Messages to this peer were taken from the application and can not be sent any more, since their
   * connection ended: the next {@link #send} to it says so, unless the application closed it.
   */
  void onUnsent(InetSocketAddress peer);

  /**
   * Lends the ordered messages at the front, or datagrams in plain mode, where they lie, instead of
   * handing them out one by one; {@link #endRun} must follow before anything else is taken.
   *
   * @return false if {@link #pollMessage} is to be asked instead
   */
  boolean lendRun(ReceivedRun run);

  /** The messages that were lent have been dealt with; returns credit to their sender. */
  void endRun(ReceivedRun run, long nowNanos);

  /**
   * Opens a connection, or finds the one that is open or opening.
   *
   * @return its handle; a {@link EndpointEvent.Connected} or {@link EndpointEvent.Closed} follows,
   *     at once if the connection is open already. {@link #NO_CONNECTION} if the limit of
   *     connections is reached or the endpoint is closed.
   */
  long connect(InetSocketAddress peer, long nowNanos);

  /**
   * The connection that messages to an address go on: one and the same as long as it lasts, also
   * where there is a second one, as to oneself.
   *
   * @return its handle; {@link #NO_CONNECTION} if there is none, or no longer one that takes any
   */
  long connectionTo(InetSocketAddress peer);

  /**
   * Closes one connection: what waits is flushed for at most {@code lingerNanos}, then CLOSE is
   * sent; {@link EndpointEvent.Closed} tells what was not acknowledged. Of one that has ended it
   * says that the application may leave unread what it brought.
   */
  void close(long connection, long applicationCode, String text, long lingerNanos, long nowNanos);

  /**
   * Closes all connections and takes no more; {@link #isClosed} answers true when it is done.
   * Called again, it leaves no more than that time.
   */
  void closeAll(long lingerNanos, long nowNanos);

  /**
   * Nothing can be sent any more: every connection that is not over ends at once with {@link
   * io.posthorn.wire.CloseReason#SOCKET_CLOSED}, and each message has its outcome.
   */
  void abandonAll(long nowNanos);

  /** Whether {@link #closeAll} is complete: nothing is left to send or to wait for. */
  boolean isClosed();

  /**
   * Peers that are met from now on are told this fingerprint, 32 bytes; no effect in plain mode.
   */
  void announceRegistrations(byte[] fingerprint);

  /** Erases all secrets, after the last use of everything else but {@link #counters}. */
  void destroy();

  /**
   * Has the packets of one connection sealed with the next key as soon as the last update of keys
   * is complete; no effect where nothing is sealed.
   */
  void updateKeys(long connection, long nowNanos);

  /** The application confirms a message whose sender asked for it; no effect if it did not. */
  void confirm(ReceivedMessage message, long nowNanos);

  /**
   * The sender gives the message of this receipt up. The event {@link EndpointEvent.ReceiptSettled}
   * follows if the answer is true.
   *
   * @param connection to which it was given, or {@link #NO_CONNECTION} to look at the peer's
   * @param peer to whom it was sent
   * @return false if it has ended already, or is an ordered message that stands whole in its stream
   */
  boolean cancel(long connection, InetSocketAddress peer, Object receipt, long nowNanos);

  /** Takes the next packet that may reset a connection of another endpoint at the port, or null. */
  @Nullable StrayReset pollStray();

  /** Another endpoint at the port got this. */
  void onStray(StrayReset reset, long nowNanos);

  /** The table of active connections; none in plain mode. */
  List<ConnectionInfo> connections(long nowNanos);

  /** The row of one connection in that table; null if it is not there. */
  @Nullable ConnectionInfo info(long connection, long nowNanos);

  /** Counters, for reading only. */
  EndpointCounters counters();
}
