package io.posthorn.datagram;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketException;
import java.nio.channels.DatagramChannel;
import org.jspecify.annotations.Nullable;

/**
 * What every {@link DatagramSocket} without a system socket has in common: how its contract checks
 * the arguments of {@code connect}, what it answers about both addresses before and after {@code
 * connect} and {@code close}, and that it has neither groups nor a channel.
 *
 * <p>Each question is answered from the peer, which is set here, and from two things that a
 * subclass knows: the local address and whether the socket is closed.
 */
public abstract class PeerSocket extends DatagramSocket {
  private volatile @Nullable InetSocketAddress remote;

  /** A socket that is not connected. */
  protected PeerSocket() {
    super(new NoSocketImpl()); // no system socket: a blocked receive would keep its locks
  }

  /** Where the socket is bound; null if it is not bound yet. Asked of open sockets only. */
  protected abstract @Nullable InetSocketAddress localAddress();

  /**
   * Connects an open socket to a peer whose address was checked; calls {@link #remote(
   * InetSocketAddress)} when it is done.
   */
  protected abstract void connectTo(InetSocketAddress peer) throws SocketException;

  /** Why there are no groups, as the end of a sentence. */
  protected abstract String whyNoGroups();

  /** The peer that the socket is connected to, or null. */
  protected final @Nullable InetSocketAddress remote() {
    return remote;
  }

  /** Notes the peer, or that there is none. */
  protected final void remote(@Nullable InetSocketAddress peer) {
    remote = peer;
  }

  /**
   * Refuses to go on with a closed socket.
   *
   * @throws SocketException if it is closed
   */
  protected final void requireOpen() throws SocketException {
    if (isClosed()) {
      throw new SocketException("the socket is closed: open a new one");
    }
  }

  @Override
  public final void connect(InetAddress address, int port) {
    if (address == null) {
      throw new IllegalArgumentException("connect: expected an address, got null");
    }
    try {
      connect(new InetSocketAddress(address, port));
    } catch (SocketException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Restricts the socket to one peer, as {@link DatagramSocket#connect(SocketAddress)}; nothing is
   * sent. What others sent and nobody has received is discarded.
   *
   * @throws SocketException if the address cannot be a peer's
   */
  @Override
  public final void connect(SocketAddress address) throws SocketException {
    if (address == null) {
      throw new IllegalArgumentException("connect: expected an address, got null");
    }
    InetSocketAddress peer = DatagramAddresses.requireInet(address, "connect");
    if (!isClosed()) {
      DatagramAddresses.requirePort(peer);
      connectTo(peer);
    }
  }

  @Override
  public final boolean isConnected() {
    return remote != null;
  }

  @Override
  public final @Nullable InetAddress getInetAddress() {
    InetSocketAddress peer = remote;
    return peer == null ? null : peer.getAddress();
  }

  @Override
  public final int getPort() {
    InetSocketAddress peer = remote;
    return peer == null ? -1 : peer.getPort();
  }

  @Override
  public final @Nullable SocketAddress getRemoteSocketAddress() {
    return remote;
  }

  @Override
  public final @Nullable SocketAddress getLocalSocketAddress() {
    return isClosed() ? null : localAddress();
  }

  @Override
  public final @Nullable InetAddress getLocalAddress() {
    if (isClosed()) {
      return null;
    }
    InetSocketAddress local = localAddress();
    return (local == null ? new InetSocketAddress(0) : local).getAddress();
  }

  @Override
  public final int getLocalPort() {
    if (isClosed()) {
      return -1;
    }
    InetSocketAddress local = localAddress();
    return local == null ? 0 : local.getPort();
  }

  /**
   * Refuses to join.
   *
   * @throws SocketException always
   */
  @Override
  public final void joinGroup(SocketAddress group, @Nullable NetworkInterface netIf)
      throws IOException {
    throw noGroups(group, "join");
  }

  /**
   * Refuses to leave, for no group can be joined.
   *
   * @throws SocketException always
   */
  @Override
  public final void leaveGroup(SocketAddress group, @Nullable NetworkInterface netIf)
      throws IOException {
    throw noGroups(group, "leave");
  }

  private SocketException noGroups(SocketAddress group, String what) {
    if (!(group instanceof InetSocketAddress)) {
      throw new IllegalArgumentException(what + " " + group + ": expected an InetSocketAddress");
    }
    return new SocketException(what + " " + group + ": " + whyNoGroups());
  }

  /** Null, as the contract says of a socket that was not made by a channel. */
  @Override
  public final @Nullable DatagramChannel getChannel() {
    return null;
  }
}
