package io.posthorn.capture;

import io.posthorn.Delivery;
import io.posthorn.DraftOptions;
import io.posthorn.Security;
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
import io.posthorn.simulation.Interception;
import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.SimulatedNetwork;
import io.posthorn.trace.KeyLog;
import io.posthorn.trace.QlogWriter;
import io.posthorn.trace.TraceListener;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A conversation in the simulator with a listener on the wire: every delivery, both ways, over a
 * network that loses and reorders, from the first handshake message to the goodbye.
 */
public final class CapturedConversation {
  public static final InetSocketAddress CLIENT = address(1, 40_001);
  public static final InetSocketAddress SERVER = address(2, 9_000);

  private static final long STARTED_NANOS = 1_700_000_000_123_456_789L;

  public final List<CapturedDatagram> datagrams = new ArrayList<>();
  public final List<ConnectionSecrets> secrets = new ArrayList<>();

  /** What the server logs of them. */
  public final List<ConnectionSecrets> serverSecrets = new ArrayList<>();

  /** What the client has to tell, as qlog. */
  public final ByteArrayOutputStream trace = new ByteArrayOutputStream();

  private final List<ReceivedMessage> received = new ArrayList<>();
  private final SimulatedNetwork network;
  private final SimulatedEndpoint client;
  private final SimulatedEndpoint server;

  /** What one side logs, a handshake and then its connection. */
  private static final class Secrets implements KeyLog {
    private final List<ConnectionSecrets> all;
    private @Nullable HandshakeKeys handshake;

    Secrets(List<ConnectionSecrets> all) {
      this.all = all;
    }

    @Override
    public void handshakeKeys(
        long initiatorId,
        long responderId,
        byte[] secondStatic,
        byte[] secondPayload,
        byte[] thirdPayload,
        byte[] thirdHash) {
      handshake =
          new HandshakeKeys(
              secondStatic.clone(), secondPayload.clone(), thirdPayload.clone(), thirdHash.clone());
    }

    @Override
    public void secrets(
        long initiatorId, long responderId, byte[] initiatorSecret, byte[] responderSecret) {
      all.add(
          new ConnectionSecrets(
              initiatorId,
              responderId,
              initiatorSecret.clone(),
              responderSecret.clone(),
              handshake));
    }
  }

  private static TraceListener silent() {
    return new TraceListener() {
      @Override
      public boolean wantsPackets() {
        return false;
      }
    };
  }

  private CapturedConversation(long seed, String conditions, Security security) {
    SocketOptions options = DraftOptions.reliable(security);
    network = SimulatedNetwork.seeded(seed).link(LinkConditions.parse(conditions));
    QlogWriter writer =
        new QlogWriter(
            (bytes, from, length) -> {
              trace.write(bytes, from, length);
              return true;
            },
            "simulated",
            null);
    client = host(CLIENT, options, seed, new EndpointTrace(writer, new Secrets(secrets)));
    server = host(SERVER, options, ~seed, new EndpointTrace(silent(), new Secrets(serverSecrets)));
    network.attach(CLIENT, client).attach(SERVER, server);
    network.intercept(
        (from, to, number, datagram) -> {
          ByteBuffer bytes = datagram.duplicate();
          byte[] payload = new byte[bytes.remaining()];
          bytes.get(payload);
          datagrams.add(
              new CapturedDatagram(STARTED_NANOS + network.nowNanos(), from, to, payload));
          return Interception.DELIVER;
        });
  }

  private SimulatedEndpoint host(
      InetSocketAddress at, SocketOptions options, long seed, @Nullable EndpointTrace told) {
    return new SimulatedEndpoint(
        new ReliableEndpoint(
            new EndpointSetup(options, new SplittableRandom(seed), at::equals)
                .withPort(new PortLimits(any -> 1_472, 65_507))
                .withTrace(told)),
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

  /** Runs one: messages of all kinds and sizes. */
  public static CapturedConversation run(long seed, String conditions, Security security) {
    CapturedConversation all = new CapturedConversation(seed, conditions, security);
    all.talk();
    return all;
  }

  private void talk() {
    send(client, SERVER, 0, Delivery.RELIABLE_ORDERED, "the quick brown fox", false);
    send(client, SERVER, 3, Delivery.RELIABLE_ORDERED, "jumps over".repeat(1_000), false);
    send(client, SERVER, 1, Delivery.RELIABLE_UNORDERED, "the lazy dog", true);
    send(client, SERVER, 1, Delivery.RELIABLE_UNORDERED, "large".repeat(2_000), false);
    send(client, SERVER, 2, Delivery.RELIABLE_LATEST, "newest of its key", false);
    send(client, SERVER, 4, Delivery.UNRELIABLE, "perhaps", false);
    send(client, SERVER, 5, Delivery.UNRELIABLE_SEQUENCED, "perhaps, in order", false);
    awaitReceived(5);
    received.stream().filter(message -> message.number() == 0).forEach(this::confirm);
    send(server, CLIENT, 0, Delivery.RELIABLE_ORDERED, "an answer", false);
    awaitReceived(6);
    client.endpoint().closeAll(1_000_000_000L, network.nowNanos());
    network.run(Duration.ofSeconds(3));
    server.endpoint().closeAll(0, network.nowNanos());
    network.run(Duration.ofSeconds(3));
    client.endpoint().destroy();
    server.endpoint().destroy();
  }

  private void confirm(ReceivedMessage message) {
    server.endpoint().confirm(message, network.nowNanos());
    network.wake(SERVER);
  }

  private void awaitReceived(int messages) {
    if (!network.runUntil(() -> received.size() >= messages, Duration.ofMinutes(1))) {
      throw new AssertionError(received.size() + " of " + messages + " messages");
    }
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
}
