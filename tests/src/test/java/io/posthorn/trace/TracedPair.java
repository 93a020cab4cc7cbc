package io.posthorn.trace;

import io.posthorn.Delivery;
import io.posthorn.Mode;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointSetup;
import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.protocol.EndpointTrace;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.PortLimits;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.runtime.SimulatedEndpoint;
import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.SimulatedNetwork;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A client and a server on a simulated network, whom somebody watches. */
public final class TracedPair {
  public static final InetSocketAddress CLIENT = address(1, 40_001);
  public static final InetSocketAddress SERVER = address(2, 9_000);

  public final SimulatedNetwork network;
  public final SimulatedEndpoint client;
  public final SimulatedEndpoint server;
  public final List<ReceivedMessage> received = new ArrayList<>();

  /** Each is told of by its trace, if it has one. */
  public TracedPair(
      long seed,
      String conditions,
      SocketOptions options,
      @Nullable EndpointTrace ofClient,
      @Nullable EndpointTrace ofServer) {
    network = SimulatedNetwork.seeded(seed).link(LinkConditions.parse(conditions));
    client = host(CLIENT, options, seed, ofClient);
    server = host(SERVER, options, ~seed, ofServer);
    network.attach(CLIENT, client).attach(SERVER, server);
  }

  /** A pair over a good network, whose client is watched. */
  static TracedPair watchedBy(TraceListener listener) {
    return new TracedPair(
        1,
        "delay 20ms",
        SocketOptions.defaults(Mode.RELIABLE),
        new EndpointTrace(listener, null),
        null);
  }

  private SimulatedEndpoint host(
      InetSocketAddress at, SocketOptions options, long seed, @Nullable EndpointTrace trace) {
    return new SimulatedEndpoint(
        new ReliableEndpoint(
            new EndpointSetup(options, new SplittableRandom(seed), at::equals)
                .withPort(new PortLimits(any -> 1_472, 65_507))
                .withTrace(trace)),
        received::add,
        event -> {});
  }

  private static InetSocketAddress address(int host, int port) {
    try {
      return new InetSocketAddress(
          InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) host}), port);
    } catch (UnknownHostException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** A message of the client's. */
  public void send(int channel, Delivery delivery, String body) {
    send(client, SERVER, channel, delivery, body, false);
  }

  /** A message of the client's that the server's application is to confirm. */
  public void sendToConfirm(int channel, Delivery delivery, String body) {
    send(client, SERVER, channel, delivery, body, true);
  }

  /** A message of the server's. */
  public void sendBack(int channel, Delivery delivery, String body) {
    send(server, CLIENT, channel, delivery, body, false);
  }

  private void send(
      SimulatedEndpoint from,
      InetSocketAddress to,
      int channel,
      Delivery delivery,
      String body,
      boolean confirm) {
    long key = delivery == Delivery.RELIABLE_LATEST ? 7 : -1;
    OutgoingMessage message =
        new OutgoingMessage(
            Endpoint.NO_CONNECTION,
            to,
            channel,
            delivery,
            key,
            body.getBytes(StandardCharsets.US_ASCII),
            false,
            Endpoint.NEVER,
            confirm,
            confirm ? body : null);
    SendOutcome outcome = from.endpoint().send(message, network.nowNanos());
    if (outcome != SendOutcome.ACCEPTED) {
      throw new AssertionError("send answered " + outcome);
    }
    network.wake(from == client ? CLIENT : SERVER);
  }

  /** Lets time pass until so many messages have arrived, at most a virtual minute. */
  public void runUntilReceived(int messages) {
    if (!network.runUntil(() -> received.size() >= messages, Duration.ofMinutes(1))) {
      throw new AssertionError(received.size() + " of " + messages + " messages");
    }
  }

  /** Both say goodbye. */
  public void close() {
    client.endpoint().closeAll(1_000_000_000L, network.nowNanos());
    network.run(Duration.ofSeconds(5));
    server.endpoint().closeAll(0, network.nowNanos());
    network.run(Duration.ofSeconds(5));
    client.endpoint().destroy();
    server.endpoint().destroy();
  }
}
