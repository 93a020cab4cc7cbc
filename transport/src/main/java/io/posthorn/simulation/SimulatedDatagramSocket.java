package io.posthorn.simulation;

import io.posthorn.AddressText;
import io.posthorn.datagram.DatagramAddresses;
import io.posthorn.datagram.PeerSocket;
import io.posthorn.datagram.ReceivedPackets;
import io.posthorn.wire.WireLimits;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** A UDP socket of the simulated network: datagrams, and time-outs in virtual time. */
final class SimulatedDatagramSocket extends PeerSocket {

  /**
   * Time-outs one after the other, after which it is said that nothing will ever come: who asks
   * again until he is answered would not end in virtual time.
   */
  static final int MOST_TIMEOUTS = 100_000;

  /** What Linux counts for each datagram that waits, besides its bytes; about. */
  private static final int OVERHEAD_BYTES = 768;

  /** As a Linux socket has it where nobody said otherwise. */
  private static final int BUFFER_BYTES = 212_992;

  private static final Map<SocketOption<?>, Object> DEFAULTS =
      Map.of(
          StandardSocketOptions.SO_SNDBUF,
          BUFFER_BYTES,
          StandardSocketOptions.SO_RCVBUF,
          BUFFER_BYTES,
          StandardSocketOptions.SO_REUSEADDR,
          false,
          StandardSocketOptions.SO_BROADCAST,
          true,
          StandardSocketOptions.IP_TOS,
          0);

  private record Datagram(byte[] bytes, InetSocketAddress address) {}

  private final SimulatedNetwork network;
  private final Turns turns;
  private final InetSocketAddress local;
  private final Host host = new Host();

  // With the turn.
  private final ArrayDeque<Datagram> sent = new ArrayDeque<>();
  private final ArrayDeque<Datagram> received = new ArrayDeque<>();
  private final List<Long> deadlines = new ArrayList<>();
  private long receivedBytes;
  private int timeoutsInARow;

  private final Map<SocketOption<?>, Object> options = new HashMap<>(DEFAULTS);
  private volatile int timeoutMillis;
  private volatile boolean closed;

  SimulatedDatagramSocket(SimulatedNetwork network, Turns turns, InetSocketAddress local) {
    this.network = network;
    this.turns = turns;
    this.local = local;
  }

  SimulatedHost host() {
    return host;
  }

  /** What the network sees of it. */
  private final class Host implements SimulatedHost {
    @Override
    public void onDatagram(ByteBuffer datagram, InetSocketAddress from, long nowNanos) {
      InetSocketAddress peer = remote();
      int length = datagram.remaining();
      long waiting = receivedBytes + (long) received.size() * OVERHEAD_BYTES;
      boolean fits = waiting <= intOption(StandardSocketOptions.SO_RCVBUF);
      if (fits && (peer == null || peer.equals(from))) {
        byte[] bytes = new byte[length];
        datagram.get(bytes);
        received.add(new Datagram(bytes, from));
        receivedBytes += length;
      }
    }

    @Override
    public void onTimeout(long nowNanos) {
      deadlines.removeIf(deadline -> deadline <= nowNanos);
    }

    @Override
    public long nextTimeoutNanos() {
      long next = Long.MAX_VALUE;
      for (long deadline : deadlines) {
        next = Math.min(next, deadline);
      }
      return next;
    }

    @Override
    public void pollTransmit(BiConsumer<ByteBuffer, InetSocketAddress> out, long nowNanos) {
      for (Datagram next = sent.poll(); next != null; next = sent.poll()) {
        out.accept(ByteBuffer.wrap(next.bytes()), next.address());
      }
    }

    @Override
    public String toString() {
      return "socket at " + AddressText.of(local);
    }
  }

  @Override
  public void send(DatagramPacket packet) throws IOException {
    requireOpen();
    Datagram datagram;
    synchronized (packet) {
      InetSocketAddress to = DatagramAddresses.destination(packet, remote());
      DatagramAddresses.requirePort(to);
      if (packet.getLength() > WireLimits.MAX_DATAGRAM_BYTES) {
        throw new IOException(
            "packet of "
                + packet.getLength()
                + " bytes: expected at most "
                + WireLimits.MAX_DATAGRAM_BYTES);
      }
      byte[] bytes = new byte[packet.getLength()];
      System.arraycopy(packet.getData(), packet.getOffset(), bytes, 0, bytes.length);
      datagram = new Datagram(bytes, to);
    }
    turns.withTurn(
        () -> {
          sent.add(datagram);
          network.flush(local);
          return null;
        });
  }

  @Override
  public void receive(DatagramPacket packet) throws IOException {
    Objects.requireNonNull(packet, "packet");
    requireOpen();
    int millis = timeoutMillis;
    long deadline =
        turns.withTurn(
            () -> {
              long at = millis == 0 ? Turns.NO_DEADLINE : network.nowNanos() + millis * 1_000_000L;
              deadlines.add(at);
              return at;
            });
    Datagram datagram;
    try {
      turns.await(() -> !received.isEmpty() || closed || network.nowNanos() >= deadline, deadline);
    } finally {
      datagram =
          turns.withTurn(
              () -> {
                deadlines.remove((Object) deadline);
                network.wake(local);
                Datagram first = received.poll();
                receivedBytes -= first == null ? 0 : first.bytes().length;
                timeoutsInARow = first == null ? timeoutsInARow + 1 : 0;
                return first;
              });
    }
    requireOpen();
    if (timeoutsInARow > MOST_TIMEOUTS) {
      throw turns.inVain(
          "nothing came in " + MOST_TIMEOUTS + " receives in a row: does anything get through?");
    }
    if (datagram == null) {
      throw new SocketTimeoutException(
          "no packet came within " + millis + " ms of virtual time, at " + network.nowNanos());
    }
    synchronized (packet) {
      ReceivedPackets.fill(packet, datagram.bytes(), datagram.address());
    }
  }

  @Override
  public void bind(@Nullable SocketAddress address) throws SocketException {
    requireOpen();
    throw new SocketException("already bound to " + AddressText.of(local));
  }

  @Override
  protected void connectTo(InetSocketAddress peer) throws SocketException {
    turns.withTurn(
        () -> {
          received.removeIf(datagram -> !datagram.address().equals(peer));
          receivedBytes = 0;
          for (Datagram left : received) {
            receivedBytes += left.bytes().length;
          }
          remote(peer);
          return null;
        });
  }

  @Override
  public void disconnect() {
    if (!closed) {
      remote(null);
    }
  }

  @Override
  public boolean isBound() {
    return true;
  }

  @Override
  protected InetSocketAddress localAddress() {
    return local;
  }

  @Override
  public void setSoTimeout(int millis) throws SocketException {
    requireOpen();
    if (millis < 0) {
      throw new IllegalArgumentException("SO_TIMEOUT " + millis + " ms: expected 0 or more");
    }
    timeoutMillis = millis;
  }

  @Override
  public int getSoTimeout() throws SocketException {
    requireOpen();
    return timeoutMillis;
  }

  @Override
  public void setSendBufferSize(int bytes) throws SocketException {
    set(StandardSocketOptions.SO_SNDBUF, requirePositive(bytes));
  }

  @Override
  public int getSendBufferSize() throws SocketException {
    requireOpen();
    return intOption(StandardSocketOptions.SO_SNDBUF);
  }

  @Override
  public void setReceiveBufferSize(int bytes) throws SocketException {
    set(StandardSocketOptions.SO_RCVBUF, requirePositive(bytes));
  }

  @Override
  public int getReceiveBufferSize() throws SocketException {
    requireOpen();
    return intOption(StandardSocketOptions.SO_RCVBUF);
  }

  private static int requirePositive(int bytes) {
    if (bytes <= 0) {
      throw new IllegalArgumentException("buffer of " + bytes + " bytes: expected more than 0");
    }
    return bytes;
  }

  @Override
  public void setReuseAddress(boolean on) throws SocketException {
    set(StandardSocketOptions.SO_REUSEADDR, on);
  }

  @Override
  public boolean getReuseAddress() throws SocketException {
    return get(StandardSocketOptions.SO_REUSEADDR);
  }

  @Override
  public void setBroadcast(boolean on) throws SocketException {
    set(StandardSocketOptions.SO_BROADCAST, on);
  }

  @Override
  public boolean getBroadcast() throws SocketException {
    return get(StandardSocketOptions.SO_BROADCAST);
  }

  @Override
  public void setTrafficClass(int trafficClass) throws SocketException {
    if (trafficClass < 0 || trafficClass > 255) {
      throw new IllegalArgumentException("IP_TOS " + trafficClass + ": expected 0 to 255");
    }
    set(StandardSocketOptions.IP_TOS, trafficClass);
  }

  @Override
  public int getTrafficClass() throws SocketException {
    requireOpen();
    return intOption(StandardSocketOptions.IP_TOS);
  }

  @Override
  public <T> DatagramSocket setOption(SocketOption<T> name, T value) throws IOException {
    if (!name.type().isInstance(value)) {
      requireSupported(name);
      throw new IllegalArgumentException(
          name.name() + " " + value + ": expected a value of type " + name.type().getSimpleName());
    }
    set(name, value);
    return this;
  }

  @Override
  public <T> T getOption(SocketOption<T> name) throws IOException {
    return get(name);
  }

  private <T> void set(SocketOption<T> name, T value) throws SocketException {
    requireSupported(name);
    requireOpen();
    synchronized (options) {
      options.put(name, value);
    }
  }

  private <T> T get(SocketOption<T> name) throws SocketException {
    requireSupported(name);
    requireOpen();
    synchronized (options) {
      return Objects.requireNonNull(name.type().cast(options.get(name)));
    }
  }

  private int intOption(SocketOption<Integer> name) {
    synchronized (options) {
      return (Integer) Objects.requireNonNull(options.get(name));
    }
  }

  private static void requireSupported(SocketOption<?> name) {
    if (!DEFAULTS.containsKey(Objects.requireNonNull(name, "name"))) {
      throw new UnsupportedOperationException(
          "'" + name.name() + "' is not supported by the simulated network");
    }
  }

  @Override
  public Set<SocketOption<?>> supportedOptions() {
    return DEFAULTS.keySet();
  }

  @Override
  protected String whyNoGroups() {
    return "the simulated network has no groups";
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      turns.withTurn(() -> network.detach(local));
      turns.letWokenRun();
    } catch (SocketException interrupted) {
      // the thread has its interrupt status; the others see that it is closed
    }
  }

  @Override
  public boolean isClosed() {
    return closed;
  }
}
