package io.posthorn;

import io.posthorn.datagram.DatagramAddresses;
import io.posthorn.datagram.PeerSocket;
import io.posthorn.datagram.ReceivedPackets;
import io.posthorn.wire.WireLimits;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A {@link DatagramSocket} whose packets arrive: once, whole and in the order in which they were
 * sent to each peer, encrypted, over {@link Mode#RELIABLE}. Code written for {@code DatagramSocket}
 * gains that by one changed constructor, on both sides.
 *
 * <pre>{@code
 * try (DatagramSocket socket = new ReliableDatagramSocket()) {
 *   byte[] bytes = "registered".getBytes(UTF_8);
 *   socket.send(new DatagramPacket(bytes, bytes.length, server)); // opens the connection
 * }                                                               // and waits until it arrived
 * }</pre>
 *
 * <p>The contract is that of the class it extends, with what reliability adds and what it cannot
 * keep:
 *
 * <ul>
 *   <li>{@link #send} waits if more than the send buffer is unacknowledged; an interrupt ends the
 *       waiting with an {@link InterruptedIOException}. If earlier packets to the peer are lost for
 *       good, the next {@code send} throws, once: a {@link PortUnreachableException} if the socket
 *       is connected, else a {@link MessagesLostException}.
 *   <li>{@link #receive} is not ended by an interrupt, as that of a {@code DatagramSocket} in a
 *       platform thread is not; the interrupt status stays set. On a connected socket it throws a
 *       {@link PortUnreachableException}, within a second, when the peer is found out of reach.
 *   <li>{@link #close} waits until what was sent is acknowledged, at most the linger time, three
 *       seconds by default. Threads blocked in {@code receive} get their {@link SocketException} at
 *       once. A socket left open when {@code main} returns is flushed by a shutdown hook.
 *   <li>Buffer sizes are hints that count before the socket is bound; traffic class and {@code
 *       SO_REUSEADDR} are ignored, as the contract allows.
 *   <li>There is no reliable delivery to a group: {@code joinGroup}, {@code setBroadcast(true)} and
 *       packets to multicast or broadcast addresses are refused with a {@link SocketException}.
 *   <li>A received packet's buffer length is known to the JDK alone. It is kept as the contract
 *       says, so that a loop may reuse one packet, with two exceptions: {@code setLength} to just
 *       the length of the packet received last is not noticed, and a packet that another kind of
 *       socket has filled counts as being as long as what it holds.
 * </ul>
 *
 * <p>The peer must be another {@code ReliableDatagramSocket} or a {@link MessageSocket} in reliable
 * mode: nothing else understands it. Safe for use by many threads.
 */
@SuppressWarnings("exports") // what it inherits is the contract's; nobody needs the class between
public final class ReliableDatagramSocket extends PeerSocket {
  /** How often a receiver without time-out looks whether the peer it is connected to is lost. */
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);

  private static final Set<SocketOption<?>> OPTIONS = DatagramOptions.SUPPORTED;

  /**
   * Guards what is kept, and the volatile fields below when they change; never held while anything
   * waits for a peer.
   */
  private final Object lock = new Object();

  private final MessageSocketBuilder builder;
  private final DatagramOptions options = new DatagramOptions();

  private final KeptPackets kept = new KeptPackets();
  private final PeerReach reach = new PeerReach();

  private volatile @Nullable MessageSocket socket;

  private volatile boolean closed;

  /**
   * A socket on any free port of all addresses.
   *
   * @throws SocketException if it cannot be opened or bound
   */
  public ReliableDatagramSocket() throws SocketException {
    this(new InetSocketAddress(0));
  }

  /**
   * A socket on this port of all addresses.
   *
   * @param port 0 to 65535, 0 for any free one
   * @throws SocketException if it cannot be opened or bound
   */
  public ReliableDatagramSocket(int port) throws SocketException {
    this(port, null);
  }

  /**
   * A socket on this port and address.
   *
   * @param port 0 to 65535, 0 for any free one
   * @param address a local address; null for all
   * @throws SocketException if it cannot be opened or bound
   */
  public ReliableDatagramSocket(int port, @Nullable InetAddress address) throws SocketException {
    this(new InetSocketAddress(address, port));
  }

  /**
   * A socket on this address, or one that is bound later.
   *
   * @param address null for an unbound socket
   * @throws SocketException if it cannot be opened or bound
   * @throws IllegalArgumentException if it is no {@link InetSocketAddress}
   */
  public ReliableDatagramSocket(@Nullable SocketAddress address) throws SocketException {
    this(MessageSocket.builder(), address);
  }

  /**
   * An unbound socket with settings of its own: security, linger time, a bad network underneath.
   * They are the builder's as it is now; what is set there later has no effect here. {@link #bind}
   * decides its address, whatever the builder's.
   *
   * @throws IllegalArgumentException if the builder's mode is plain, or it has {@code
   *     streaming(true)}: a message in parts is no packet
   */
  public ReliableDatagramSocket(MessageSocketBuilder builder) {
    if (builder.mode() == Mode.PLAIN) {
      throw new IllegalArgumentException(
          "a plain socket is a java.net.DatagramSocket: use Mode.RELIABLE");
    }
    if (builder.streaming()) {
      throw new IllegalArgumentException(
          "a packet is received whole: use a builder without streaming(true), and with a larger"
              + " maxWholeMessageBytes if need be");
    }
    this.builder = builder.copy();
  }

  private ReliableDatagramSocket(MessageSocketBuilder builder, @Nullable SocketAddress address)
      throws SocketException {
    this(builder);
    if (address != null) {
      bind(address);
    }
  }

  /**
   * The socket underneath, with its connections and statistics; whoever receives from it takes
   * packets away from here.
   *
   * @throws IllegalStateException if this socket is not bound
   */
  public MessageSocket messageSocket() {
    MessageSocket bound = socket;
    if (bound == null) {
      throw new IllegalStateException("not bound yet: call bind, connect, send or receive first");
    }
    return bound;
  }

  // Addresses.

  @Override
  public void bind(@Nullable SocketAddress address) throws SocketException {
    InetSocketAddress local =
        address == null ? new InetSocketAddress(0) : DatagramAddresses.requireInet(address, "bind");
    synchronized (lock) {
      requireOpen();
      MessageSocket bound = socket;
      if (bound != null) {
        throw new SocketException("already bound to " + bound.localAddress());
      }
      options.apply(builder);
      try {
        bound = builder.bind(local).open();
      } catch (SocketException e) {
        throw e;
      } catch (IOException e) {
        throw withCause(new SocketException(e.getMessage()), e);
      }
      socket = bound;
    }
  }

  @Override
  protected void connectTo(InetSocketAddress peer) throws SocketException {
    requireOnePeer(peer);
    InetSocketAddress to = SendablePeer.of(peer);
    MessageSocket bound = bound();
    synchronized (lock) {
      keepPackets(remote());
      kept.dropOthers(to);
      reach.noteKnown(bound, to);
      remote(to);
    }
  }

  /**
   * Ends the connection to one peer. What that one sent is received all the same, and what others
   * sent meanwhile is dropped; but where more than 1 MiB of the peer's packets wait to be received,
   * the others' behind those are received after them.
   */
  @Override
  public void disconnect() {
    synchronized (lock) {
      if (!isClosed() && isConnected()) {
        keepPackets(remote());
        remote(null);
      }
    }
  }

  private void keepPackets(@Nullable InetSocketAddress peer) {
    MessageSocket bound = socket;
    if (peer != null && bound != null) {
      kept.keep(bound, peer);
    }
  }

  private static void requireOnePeer(InetSocketAddress peer) throws SocketException {
    InetAddress host = peer.getAddress();
    if (host.isMulticastAddress() || isBroadcast(host)) {
      throw new SocketException(
          "peer "
              + AddressText.of(peer)
              + ": a reliable socket delivers to one peer, never to a group; use"
              + " java.net.MulticastSocket or java.net.DatagramSocket");
    }
  }

  private static boolean isBroadcast(InetAddress host) {
    byte[] address = host.getAddress();
    return address.length == 4 && (address[0] & address[1] & address[2] & address[3]) == -1;
  }

  @Override
  public boolean isBound() {
    return socket != null;
  }

  @Override
  protected @Nullable InetSocketAddress localAddress() {
    MessageSocket bound = socket;
    return bound == null ? null : bound.localAddress();
  }

  // Packets.

  /**
   * Sends a packet, in order after all that were sent to this peer before; waits only if the send
   * buffer is full.
   *
   * @throws MessageTooLargeException if it is longer than 65,507 bytes
   * @throws PortUnreachableException if the socket is connected, and earlier packets are lost for
   *     good or the peer is out of reach; said once, and this packet is not sent
   * @throws MessagesLostException likewise, if it is not connected
   * @throws SocketException if the socket is closed, or the packet's address is a group's
   */
  @Override
  public void send(DatagramPacket packet) throws IOException {
    MessageSocket from = bound();
    InetSocketAddress connected = remote();
    Message message;
    synchronized (packet) {
      InetSocketAddress to = DatagramAddresses.destination(packet, connected);
      DatagramAddresses.requirePort(to);
      requireOnePeer(to);
      int length = packet.getLength();
      if (length > WireLimits.MAX_DATAGRAM_BYTES) {
        throw new MessageTooLargeException(
            to,
            length,
            WireLimits.MAX_DATAGRAM_BYTES,
            "packet of "
                + length
                + " bytes to "
                + AddressText.of(to)
                + ": a DatagramSocket takes at most "
                + WireLimits.MAX_DATAGRAM_BYTES,
            "cut it up or use MessageSocket");
      }
      message = Message.to(to).body(ByteBuffer.wrap(packet.getData(), packet.getOffset(), length));
    }
    try {
      from.sending().sendUnreceipted(message, null);
    } catch (SocketClosedException e) {
      throw closed(e);
    } catch (TransportException e) {
      if (connected != null) {
        reach.noteKnown(from, connected);
        throw withCause(new PortUnreachableException(e.getMessage()), e);
      }
      throw e;
    }
  }

  /**
   * Waits for the next packet, for at most {@code SO_TIMEOUT}; what does not fit is cut off.
   *
   * @throws SocketTimeoutException if none came in time; the socket stays usable
   * @throws PortUnreachableException if the socket is connected and the peer is out of reach; said
   *     once
   * @throws SocketException if the socket is closed, now or meanwhile
   */
  @Override
  public void receive(DatagramPacket packet) throws IOException {
    Objects.requireNonNull(packet, "packet");
    Message message = nextMessage();
    synchronized (packet) {
      ReceivedPackets.fill(packet, message.bytes(), message.from());
    }
  }

  private Message nextMessage() throws IOException {
    MessageSocket from = bound();
    int timeoutMillis = options.timeoutMillis();
    long startNanos = from.drivers().nowNanos();
    boolean wasInterrupted = false;
    try {
      while (true) {
        Message message = pollKept();
        if (message == null) {
          Duration wait = remote() == null ? null : LOOK_AGAIN;
          if (timeoutMillis > 0) {
            long goneNanos = from.drivers().nowNanos() - startNanos;
            Duration left = Duration.ofMillis(timeoutMillis).minusNanos(goneNanos);
            wait = wait == null || left.compareTo(wait) < 0 ? left : wait;
          }
          try {
            message = wait == null ? from.receive() : from.receive(wait);
          } catch (InterruptedIOException e) {
            wasInterrupted |= Thread.interrupted();
            continue;
          } catch (SocketClosedException e) {
            throw closed(e);
          }
        }
        InetSocketAddress peer = remote();
        if (message == null) {
          if (peer != null) {
            reach.require(from, peer);
          }
          if (timeoutMillis > 0
              && from.drivers().nowNanos() - startNanos >= timeoutMillis * 1_000_000L) {
            throw new SocketTimeoutException("no packet came within " + timeoutMillis + " ms");
          }
        } else if (peer == null || message.from().equals(peer)) {
          return message;
        }
      }
    } finally {
      if (wasInterrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private @Nullable Message pollKept() {
    synchronized (lock) {
      return kept.poll();
    }
  }

  // Options.

  @Override
  public void setSoTimeout(int millis) throws SocketException {
    requireOpen();
    options.timeoutMillis(millis);
  }

  @Override
  public int getSoTimeout() throws SocketException {
    requireOpen();
    return options.timeoutMillis();
  }

  @Override
  public void setSendBufferSize(int bytes) throws SocketException {
    options.sendBufferBytes(bytes);
    requireOpen();
  }

  @Override
  public int getSendBufferSize() throws SocketException {
    requireOpen();
    MessageSocket bound = socket;
    return bound == null ? options.sendBufferBytes() : bound.options().sendBufferBytes();
  }

  @Override
  public void setReceiveBufferSize(int bytes) throws SocketException {
    options.receiveBufferBytes(bytes);
    requireOpen();
  }

  @Override
  public int getReceiveBufferSize() throws SocketException {
    requireOpen();
    MessageSocket bound = socket;
    return bound == null ? options.receiveBufferBytes() : bound.options().receiveBufferBytes();
  }

  /** Ignored, as the contract allows: two reliable sockets cannot share a port. */
  @Override
  public void setReuseAddress(boolean on) throws SocketException {
    requireOpen();
  }

  @Override
  public boolean getReuseAddress() throws SocketException {
    requireOpen();
    return false;
  }

  /**
   * Refuses to broadcast.
   *
   * @throws SocketException if {@code on}, or if the socket is closed
   */
  @Override
  public void setBroadcast(boolean on) throws SocketException {
    requireOpen();
    if (on) {
      throw new SocketException(
          "SO_BROADCAST: a reliable socket delivers to one peer, never to all; use"
              + " java.net.DatagramSocket");
    }
  }

  @Override
  public boolean getBroadcast() throws SocketException {
    requireOpen();
    return false;
  }

  /** A hint, checked and ignored. */
  @Override
  public void setTrafficClass(int trafficClass) throws SocketException {
    DatagramOptions.requireTrafficClass(trafficClass);
    requireOpen();
  }

  @Override
  public int getTrafficClass() throws SocketException {
    requireOpen();
    return 0;
  }

  @Override
  public <T> DatagramSocket setOption(SocketOption<T> name, T value) throws IOException {
    DatagramOptions.set(this, name, value);
    return this;
  }

  @Override
  public <T> T getOption(SocketOption<T> name) throws IOException {
    return DatagramOptions.get(this, name);
  }

  @Override
  public Set<SocketOption<?>> supportedOptions() {
    return OPTIONS;
  }

  @Override
  protected String whyNoGroups() {
    return "a reliable socket has one peer at the other end of each connection, never a group; use"
        + " java.net.MulticastSocket";
  }

  // The end.

  /**
   * Closes the socket after what was sent is acknowledged, or after the linger time. Threads that
   * wait in {@link #receive} get a {@link SocketException} at once.
   */
  @Override
  public void close() {
    MessageSocket bound;
    synchronized (lock) {
      closed = true;
      bound = socket;
    }
    if (bound != null) {
      bound.close();
    }
  }

  @Override
  public boolean isClosed() {
    MessageSocket bound = socket;
    return closed || (bound != null && bound.isClosed());
  }

  /** The socket underneath; whoever sends or receives without having bound it binds it. */
  private MessageSocket bound() throws SocketException {
    requireOpen();
    MessageSocket bound = socket;
    if (bound != null) {
      return bound;
    }
    synchronized (lock) {
      if (socket == null) {
        bind(null);
      }
    }
    return messageSocket();
  }

  private static SocketException closed(SocketClosedException cause) {
    return withCause(new SocketException(cause.getMessage()), cause);
  }

  private static <E extends Exception> E withCause(E exception, Exception cause) {
    exception.initCause(cause);
    return exception;
  }
}
