package io.posthorn.io;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.TransmitBatch;
import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.UnresolvedAddressException;
import java.nio.channels.UnsupportedAddressTypeException;
import org.jspecify.annotations.Nullable;

/**
 * The portable port: a {@link DatagramChannel} that never blocks, and a {@link Selector}.
 *
 * <p>A thread that is interrupted while it blocks in a {@code DatagramChannel} closes it. So the
 * channel is in non-blocking mode, where the JDK sets no interrupt hook, and waiting is left to the
 * selector, which an interrupt merely ends.
 */
public final class NioDatagramPort implements DatagramPort {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private static final String NOT_OF_FAMILY = "IPv4, at a socket of IPv6 alone";

  private final String why;
  private final ChannelCalls calls;

  /** A channel of the JDK's has IPv4 too, and cannot be told otherwise: it is left out here. */
  private final boolean leavesOutIpv4;

  private final DatagramChannel channel;
  private final Selector selector;
  private final SelectionKey key;
  private final InetSocketAddress localAddress;
  private final int grantedReceiveBufferBytes;
  private final int grantedSendBufferBytes;
  private final PortCounters counters = new PortCounters();

  /** Written under the caller's lock, read by the waiting thread, which may be late by one turn. */
  private volatile int receiveErrorsInARow;

  private NioDatagramPort(
      ChannelCalls calls,
      DatagramChannel channel,
      Selector selector,
      @Nullable InetSocketAddress bind,
      boolean leavesOutIpv4,
      String why)
      throws IOException {
    this.calls = calls;
    this.leavesOutIpv4 = leavesOutIpv4;
    this.why = why;
    this.channel = channel;
    this.selector = selector;
    channel.configureBlocking(false);
    grantedReceiveBufferBytes = ask(StandardSocketOptions.SO_RCVBUF);
    grantedSendBufferBytes = ask(StandardSocketOptions.SO_SNDBUF);
    if (bind != null) {
      bind(bind);
    }
    localAddress = (InetSocketAddress) channel.getLocalAddress();
    key = channel.register(selector, SelectionKey.OP_READ);
  }

  /**
   * Opens and binds a port: for IPv4 and IPv6 at once where the machine has both.
   *
   * @param bind address and port; port 0 for any free one
   * @throws BindException naming address, port and what to do
   */
  public static NioDatagramPort open(InetSocketAddress bind) throws IOException {
    return open(bind, null, "as asked for");
  }

  /**
   * Opens and binds a port, and says why it is this one.
   *
   * @param family of IPv4 or IPv6 for that alone; null for both. A socket of IPv6 alone has the
   *     port of IPv4 too, and takes and sends nothing there
   * @param why for people
   */
  static NioDatagramPort open(InetSocketAddress bind, @Nullable ProtocolFamily family, String why)
      throws IOException {
    return open(new ChannelCalls(), bind, family, why);
  }

  /** Opens and binds a port whose channel is asked by these calls. */
  static NioDatagramPort open(
      ChannelCalls calls, InetSocketAddress bind, @Nullable ProtocolFamily family, String why)
      throws IOException {
    boolean onlyIpv6 = family == StandardProtocolFamily.INET6;
    return open(calls, openChannel(bind, family), bind, onlyIpv6, why);
  }

  /** Takes a channel that is bound already, and owns it from now on. */
  static NioDatagramPort adopt(DatagramChannel channel, String why) throws IOException {
    return open(new ChannelCalls(), channel, null, false, why);
  }

  private static NioDatagramPort open(
      ChannelCalls calls,
      DatagramChannel channel,
      @Nullable InetSocketAddress bind,
      boolean leavesOutIpv4,
      String why)
      throws IOException {
    Selector selector = null;
    try {
      selector = openSelector();
      return new NioDatagramPort(calls, channel, selector, bind, leavesOutIpv4, why);
    } catch (IOException | RuntimeException | Error e) {
      if (selector != null) {
        selector.close();
      }
      channel.close();
      throw e;
    }
  }

  private static DatagramChannel openChannel(
      InetSocketAddress bind, @Nullable ProtocolFamily family) throws IOException {
    try {
      return family == null ? DatagramChannel.open() : DatagramChannel.open(family);
    } catch (UnsupportedOperationException e) {
      throw withCause(BindAdvice.noSuchFamily(bind), e);
    } catch (SocketException e) {
      throw withCause(BindAdvice.cannotOpen(e.getMessage()), e);
    }
  }

  private static Selector openSelector() throws SocketException {
    try {
      return Selector.open();
    } catch (IOException e) {
      throw withCause(BindAdvice.cannotOpen(e.getMessage()), e);
    }
  }

  private int ask(java.net.SocketOption<Integer> option) throws IOException {
    int before = channel.getOption(option);
    if (before < WantedBuffers.BYTES) {
      try {
        channel.setOption(option, WantedBuffers.BYTES);
      } catch (SocketException e) {
        return before; // some systems refuse what is too large instead of granting less
      }
    }
    return channel.getOption(option);
  }

  private void bind(InetSocketAddress address) throws IOException {
    BindAdvice.requireResolved(address);
    try {
      channel.bind(address);
    } catch (UnsupportedAddressTypeException e) {
      throw withCause(BindAdvice.noSuchFamily(address), e);
    } catch (SocketException e) {
      throw withCause(BindAdvice.refused(address, e.getMessage()), e);
    }
  }

  private static <E extends Exception> E withCause(E exception, Exception cause) {
    exception.initCause(cause);
    return exception;
  }

  @Override
  public int send(TransmitBatch batch, int firstSegment, long nowNanos) throws IOException {
    int segments = batch.segments();
    if (leavesOutIpv4 && batch.peer().getAddress() instanceof Inet4Address) {
      counters.sendError(NOT_OF_FAMILY, segments - firstSegment);
      return segments - firstSegment;
    }
    for (int i = firstSegment; i < segments; i++) {
      ByteBuffer datagram = batch.segment(i);
      int length = datagram.remaining();
      try {
        if (calls.send(channel, datagram, batch.peer()) == 0 && length != 0) {
          counters.sendBlocked();
          return i - firstSegment;
        }
      } catch (ClosedChannelException e) {
        throw e;
      } catch (IOException | UnsupportedAddressTypeException | UnresolvedAddressException e) {
        counters.sendError(e);
      }
    }
    return segments - firstSegment;
  }

  @Override
  public @Nullable InetSocketAddress receive(ByteBuffer into, long nowNanos) throws IOException {
    int errors = 0;
    for (int reads = 0; reads < ErrorPause.ERRORS; reads++) {
      try {
        into.clear();
        InetSocketAddress from = (InetSocketAddress) calls.receive(channel, into);
        into.flip();
        if (receiveErrorsInARow != 0) {
          receiveErrorsInARow = 0;
        }
        if (leavesOutIpv4 && from != null && from.getAddress() instanceof Inet4Address) {
          counters.receiveError(NOT_OF_FAMILY);
          continue;
        }
        return from;
      } catch (ClosedChannelException e) {
        throw e;
      } catch (IOException e) {
        counters.receiveError(e);
        errors++;
      }
    }
    receiveErrorsInARow = errors;
    return null;
  }

  @Override
  public boolean hasUnsent() {
    return false;
  }

  @Override
  public long nextTimeoutNanos() {
    return Endpoint.NEVER;
  }

  /** The one key is the port's own: a set of those that are ready would cost an object a wait. */
  private static void counted(SelectionKey unused) {}

  @Override
  public boolean await(long timeoutNanos, boolean untilWritable) throws IOException {
    try {
      return select(timeoutNanos, untilWritable);
    } catch (ClosedSelectorException | CancelledKeyException e) {
      throw withCause(new ClosedChannelException(), e);
    }
  }

  private boolean select(long timeoutNanos, boolean untilWritable) throws IOException {
    boolean pause = receiveErrorsInARow >= ErrorPause.ERRORS;
    int interest = (pause ? 0 : SelectionKey.OP_READ) | (untilWritable ? SelectionKey.OP_WRITE : 0);
    if (key.interestOps() != interest) {
      key.interestOps(interest);
    }
    int ready;
    if (timeoutNanos <= 0) {
      ready = selector.selectNow(NioDatagramPort::counted);
    } else if (timeoutNanos == Endpoint.NEVER) {
      ready = selector.select(NioDatagramPort::counted, pause ? ErrorPause.MILLIS : 0);
    } else {
      long millis = (timeoutNanos - 1) / NANOS_PER_MILLI + 1;
      ready =
          selector.select(
              NioDatagramPort::counted, pause ? Math.min(millis, ErrorPause.MILLIS) : millis);
    }
    if (pause) {
      receiveErrorsInARow = 0;
    }
    return ready > 0;
  }

  @Override
  public void wakeup() {
    selector.wakeup();
  }

  @Override
  public InetSocketAddress localAddress() {
    return localAddress;
  }

  @Override
  public PortCounters counters() {
    return counters;
  }

  @Override
  public String description() {
    return "portable: java.nio DatagramChannel, one system call a datagram ("
        + why
        + ")"
        + WantedBuffers.cut(grantedReceiveBufferBytes, grantedSendBufferBytes);
  }

  @Override
  public int grantedReceiveBufferBytes() {
    return grantedReceiveBufferBytes;
  }

  @Override
  public int grantedSendBufferBytes() {
    return grantedSendBufferBytes;
  }

  @Override
  public void close() throws IOException {
    // The selector keeps a cancelled channel's descriptor until it is closed itself.
    channel.close();
    selector.close();
  }
}
