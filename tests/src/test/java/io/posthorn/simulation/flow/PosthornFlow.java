package io.posthorn.simulation.flow;

import io.posthorn.SocketOptions;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.endpoint.EndpointSetup;
import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.PortLimits;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.runtime.SimulatedEndpoint;
import io.posthorn.simulation.SimulatedHost;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;

/**
 * Ordered messages of 16 KiB, as many as the connection takes. No two near each other have the same
 * bytes in the same place, and it fails unless each arrives once, in order and whole.
 */
final class PosthornFlow implements Flow {
  private static final int MESSAGE_BYTES = 16 << 10;

  /** After so many messages their bytes begin anew; a prime. */
  private static final int PATTERNS = 4_093;

  private static final byte[] NOISE = new byte[MESSAGE_BYTES + PATTERNS];

  static {
    new SplittableRandom(15).nextBytes(NOISE);
  }

  private final String name;
  private final InetSocketAddress peer;
  private final SimulatedEndpoint sender;
  private final SimulatedEndpoint receiver;
  private byte[] body = body(0);
  private long sent;
  private long delivered;
  private LongConsumer onDelivered = bytes -> {};
  private boolean started;

  PosthornFlow(
      String name, SocketOptions options, InetSocketAddress from, InetSocketAddress to, long seed) {
    this.name = name;
    this.peer = to;
    // The host's interface is as wide as the option: else nothing beyond 1,200 bytes is tried.
    PortLimits limits =
        new PortLimits(any -> options.maxDatagramBytes(), WireLimits.MAX_DATAGRAM_BYTES);
    this.sender =
        new SimulatedEndpoint(
            new ReliableEndpoint(
                new EndpointSetup(options, new SplittableRandom(2 * seed), from::equals)
                    .withPort(limits)),
            message -> {},
            this::onEvent);
    this.receiver =
        new SimulatedEndpoint(
            new ReliableEndpoint(
                new EndpointSetup(options, new SplittableRandom(2 * seed + 1), to::equals)
                    .withPort(limits)),
            this::onMessage,
            event -> {});
  }

  private void onEvent(EndpointEvent event) {
    if (event instanceof EndpointEvent.Closed closed) {
      throw new IllegalStateException(name + " closed: " + closed);
    }
  }

  private void onMessage(ReceivedMessage message) {
    byte[] got = message.body();
    int from = (int) (delivered % PATTERNS);
    if (!Arrays.equals(got, 0, got.length, NOISE, from, from + MESSAGE_BYTES)) {
      throw new IllegalStateException(name + ": another than message " + delivered + " came");
    }
    delivered++;
    onDelivered.accept(got.length);
  }

  private static byte[] body(long number) {
    int from = (int) (number % PATTERNS);
    return Arrays.copyOfRange(NOISE, from, from + MESSAGE_BYTES);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public SimulatedHost sender() {
    return new Refilled(sender, this::fill);
  }

  @Override
  public SimulatedHost receiver() {
    return receiver;
  }

  @Override
  public void start(long nowNanos) {
    started = true;
    fill(nowNanos);
  }

  private void fill(long nowNanos) {
    SendOutcome outcome = SendOutcome.ACCEPTED;
    while (started && outcome == SendOutcome.ACCEPTED) {
      outcome =
          sender
              .endpoint()
              .send(OutgoingMessage.ordered(Endpoint.NO_CONNECTION, peer, body), nowNanos);
      if (outcome == SendOutcome.ACCEPTED) {
        body = body(++sent);
      }
    }
    if (outcome != SendOutcome.ACCEPTED && outcome != SendOutcome.BLOCKED) {
      throw new IllegalStateException(name + ": send answered " + outcome);
    }
  }

  @Override
  public void onDelivered(LongConsumer bytes) {
    onDelivered = bytes;
  }

  @Override
  public String limit(long nowNanos) {
    var rows = sender.endpoint().connections(nowNanos);
    return rows.isEmpty() ? "NONE" : rows.get(0).limitedBy().name();
  }
}
