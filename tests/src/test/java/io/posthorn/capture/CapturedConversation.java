package io.posthorn.capture;

import io.posthorn.Delivery;
import io.posthorn.DraftOptions;
import io.posthorn.Security;
import io.posthorn.protocol.EndpointTrace;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.simulation.Interception;
import io.posthorn.trace.KeyLog;
import io.posthorn.trace.QlogWriter;
import io.posthorn.trace.TraceListener;
import io.posthorn.trace.TracedPair;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A conversation in the simulator with a listener on the wire: every delivery, both ways, over a
 * network that loses and reorders, from the first handshake message to the goodbye.
 */
public final class CapturedConversation {
  public static final InetSocketAddress CLIENT = TracedPair.CLIENT;
  public static final InetSocketAddress SERVER = TracedPair.SERVER;

  private static final long STARTED_NANOS = 1_700_000_000_123_456_789L;

  public final List<CapturedDatagram> datagrams = new ArrayList<>();
  public final List<ConnectionSecrets> secrets = new ArrayList<>();

  /** What the server logs of them. */
  public final List<ConnectionSecrets> serverSecrets = new ArrayList<>();

  /** What the client has to tell, as qlog. */
  public final ByteArrayOutputStream trace = new ByteArrayOutputStream();

  private final TracedPair pair;

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
    QlogWriter writer =
        new QlogWriter(
            (bytes, from, length) -> {
              trace.write(bytes, from, length);
              return true;
            },
            "simulated",
            null);
    pair =
        new TracedPair(
            seed,
            conditions,
            DraftOptions.reliable(security),
            new EndpointTrace(writer, new Secrets(secrets)),
            new EndpointTrace(silent(), new Secrets(serverSecrets)));
    pair.network.intercept(
        (from, to, number, datagram) -> {
          ByteBuffer bytes = datagram.duplicate();
          byte[] payload = new byte[bytes.remaining()];
          bytes.get(payload);
          datagrams.add(
              new CapturedDatagram(STARTED_NANOS + pair.network.nowNanos(), from, to, payload));
          return Interception.DELIVER;
        });
  }

  /** Runs one: messages of all kinds and sizes. */
  public static CapturedConversation run(long seed, String conditions, Security security) {
    CapturedConversation all = new CapturedConversation(seed, conditions, security);
    all.talk();
    return all;
  }

  private void talk() {
    pair.send(0, Delivery.RELIABLE_ORDERED, "the quick brown fox");
    pair.send(3, Delivery.RELIABLE_ORDERED, "jumps over".repeat(1_000));
    pair.sendToConfirm(1, Delivery.RELIABLE_UNORDERED, "the lazy dog");
    pair.send(1, Delivery.RELIABLE_UNORDERED, "large".repeat(2_000));
    pair.send(2, Delivery.RELIABLE_LATEST, "newest of its key");
    pair.send(4, Delivery.UNRELIABLE, "perhaps");
    pair.send(5, Delivery.UNRELIABLE_SEQUENCED, "perhaps, in order");
    pair.runUntilReceived(5);
    pair.received.stream().filter(message -> message.number() == 0).forEach(this::confirm);
    pair.sendBack(0, Delivery.RELIABLE_ORDERED, "an answer");
    pair.runUntilReceived(6);
    pair.close();
  }

  private void confirm(ReceivedMessage message) {
    pair.server.endpoint().confirm(message, pair.network.nowNanos());
    pair.network.wake(SERVER);
  }
}
