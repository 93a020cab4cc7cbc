package io.posthorn.simulation;

import io.posthorn.EcnMark;
import io.posthorn.Mode;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.endpoint.EndpointSetup;
import io.posthorn.endpoint.PlainEndpoint;
import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.protocol.EndpointTrace;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.PortLimits;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.trace.TraceListener;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A socket of Posthorn as a host of the simulated network: the code that runs on real sockets, in
 * either mode, in virtual time.
 *
 * <p>The handlers run in the thread of the network, in the middle of an event: they may send. After
 * a call from outside the network's run nothing need be done; in mid-run, from another host's
 * handler, {@link SimulatedNetwork#wake} its address. Not thread-safe, as the network.
 */
public final class SimulatedSocket implements SimulatedHost {
  private final Endpoint endpoint;
  private final TransmitBatch batch = new TransmitBatch();
  private BiConsumer<InetSocketAddress, byte[]> onMessage = (from, body) -> {};
  private Runnable onConnected = () -> {};
  private Runnable onWritable = () -> {};
  private Consumer<String> onClosed = reason -> {};

  /**
   * A socket without peers.
   *
   * @param options its settings, mode included
   * @param address where it will be attached
   * @param random decides its ids and keys; the same gives the same run
   */
  public SimulatedSocket(SocketOptions options, InetSocketAddress address, RandomGenerator random) {
    this(options, address, random, null);
  }

  /**
   * A socket without peers, of whose reliable mode somebody is told.
   *
   * @param options its settings, mode included
   * @param address where it will be attached
   * @param random decides its ids and keys; the same gives the same run, and the same trace
   * @param listener told what happens, with virtual times; null for nobody
   */
  public SimulatedSocket(
      SocketOptions options,
      InetSocketAddress address,
      RandomGenerator random,
      @Nullable TraceListener listener) {
    EndpointTrace trace = listener == null ? null : new EndpointTrace(listener, null);
    endpoint =
        options.mode() == Mode.PLAIN
            ? new PlainEndpoint(options)
            : new ReliableEndpoint(
                new EndpointSetup(options, random, address::equals)
                    .withPort(PortLimits.UNKNOWN.at(address))
                    .withTrace(trace));
  }

  /**
   * Who is told of each message, with its sender and body; nobody if not said.
   *
   * @param handler the application
   */
  public void onMessage(BiConsumer<InetSocketAddress, byte[]> handler) {
    onMessage = handler;
  }

  /**
   * Who is told that a connection is open; reliable mode only.
   *
   * @param handler the application
   */
  public void onConnected(Runnable handler) {
    onConnected = handler;
  }

  /**
   * Who is told that there is room again after {@link #trySend} answered no.
   *
   * @param handler the application
   */
  public void onWritable(Runnable handler) {
    onWritable = handler;
  }

  /**
   * Who is told that a connection, or the attempt to open one, ended, and why.
   *
   * @param handler the application
   */
  public void onClosed(Consumer<String> handler) {
    onClosed = handler;
  }

  /**
   * Begins to open a connection; reliable mode only.
   *
   * @param peer whose
   * @param nowNanos the network's time
   */
  public void connect(InetSocketAddress peer, long nowNanos) {
    endpoint.connect(peer, nowNanos);
  }

  /**
   * Sends a message; ordered on channel 0 in reliable mode, as a datagram in plain mode.
   *
   * @param peer whom to
   * @param body belongs to the socket from now on
   * @param nowNanos the network's time
   * @return false if there is no room for it now
   * @throws IllegalStateException if it will never be taken; the text says why
   */
  public boolean trySend(InetSocketAddress peer, byte[] body, long nowNanos) {
    SendOutcome outcome =
        endpoint.send(OutgoingMessage.ordered(Endpoint.NO_CONNECTION, peer, body), nowNanos);
    if (outcome == SendOutcome.ACCEPTED || outcome == SendOutcome.BLOCKED) {
      return outcome == SendOutcome.ACCEPTED;
    }
    throw new IllegalStateException("a message was not taken: " + words(outcome));
  }

  /**
   * Bytes of UDP payload sent so far.
   *
   * @return 0 or more
   */
  public long bytesSent() {
    return endpoint.counters().bytesSent;
  }

  /**
   * Message bytes sent more than once so far.
   *
   * @return 0 or more
   */
  public long bytesRetransmitted() {
    return endpoint.counters().bytesRetransmitted;
  }

  @Override
  public void onDatagram(ByteBuffer datagram, InetSocketAddress from, long nowNanos) {
    endpoint.onDatagram(datagram, from, EcnMark.UNKNOWN, nowNanos);
  }

  @Override
  public void onDatagram(ByteBuffer datagram, InetSocketAddress from, int ecn, long nowNanos) {
    endpoint.onDatagram(datagram, from, EcnMark.ofCodepoint(ecn), nowNanos);
  }

  @Override
  public int transmitEcn() {
    return batch.mark().codepoint();
  }

  @Override
  public void onTimeout(long nowNanos) {
    endpoint.onTimeout(nowNanos);
  }

  @Override
  public long nextTimeoutNanos() {
    return endpoint.nextTimeoutNanos();
  }

  @Override
  public void pollTransmit(BiConsumer<ByteBuffer, InetSocketAddress> out, long nowNanos) {
    ReceivedMessage message = endpoint.pollMessage(nowNanos);
    while (message != null) {
      onMessage.accept(message.from(), message.body());
      message = endpoint.pollMessage(nowNanos);
    }
    EndpointEvent event = endpoint.pollEvent();
    while (event != null) {
      tell(event);
      event = endpoint.pollEvent();
    }
    while (endpoint.pollTransmit(batch, nowNanos)) {
      for (int i = 0; i < batch.segments(); i++) {
        out.accept(batch.segment(i), batch.peer());
      }
    }
  }

  private void tell(EndpointEvent event) {
    if (event instanceof EndpointEvent.Connected) {
      onConnected.run();
    } else if (event instanceof EndpointEvent.Writable) {
      onWritable.run();
    } else if (event instanceof EndpointEvent.Closed closed) {
      onClosed.accept(words(closed.reason()));
    }
  }

  private static String words(Enum<?> reason) {
    return reason.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
