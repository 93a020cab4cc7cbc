package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.DraftOptions;
import io.posthorn.Mode;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.runtime.SimulatedEndpoint;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** FAULTS 27: a thousand peers, and an application that takes nothing. */
class ManyPeersTest {
  private static final int MOST_PEERS = 1_000;
  private static final InetSocketAddress SERVER = Pair.address(1, 4_000);

  private long ceilingBytes;
  private long acknowledgedBytes;
  private long takenBytes;
  private long mostHeldBytes;
  private final List<EndpointEvent> ends = new ArrayList<>();
  private final SimulatedNetwork network =
      SimulatedNetwork.seeded(1).link(LinkConditions.parse("delay 5ms"));

  private SocketOptions options() {
    DraftOptions options = DraftOptions.of(Mode.RELIABLE);
    options.security = Security.none();
    options.maxConnections = MOST_PEERS;
    options.socketReceiveBytes = ceilingBytes;
    return options.done();
  }

  private void peer(int index, Delivery delivery, int messages, int messageBytes) {
    InetSocketAddress address = Pair.address(index + 2, 5_000);
    SimulatedEndpoint peer =
        new SimulatedEndpoint(
            new ReliableEndpoint(options(), new SplittableRandom(index), address::equals),
            message -> {},
            event -> {
              if (event instanceof EndpointEvent.ReceiptSettled settled) {
                assertEquals(
                    ReceiptOutcome.ACKNOWLEDGED,
                    settled.outcome(),
                    () -> index + ": " + settled + " at " + network.nowNanos() / 1e9);
                acknowledgedBytes += messageBytes;
                mostHeldBytes = Math.max(mostHeldBytes, acknowledgedBytes - takenBytes);
              } else if (event instanceof EndpointEvent.Closed) {
                ends.add(event);
              }
            });
    network.attach(address, peer);
    for (int i = 0; i < messages; i++) {
      OutgoingMessage message =
          new OutgoingMessage(
              Endpoint.NO_CONNECTION,
              SERVER,
              0,
              delivery,
              -1,
              new byte[messageBytes],
              false,
              Endpoint.NEVER,
              false,
              new Object());
      assertEquals(SendOutcome.ACCEPTED, peer.endpoint().send(message, network.nowNanos()));
    }
    network.wake(address);
  }

  /** Four times the ceiling is offered; what is taken stays under it, and waits without loss. */
  @Test
  void fault27_aThousandPeersFillTheCeilingOfTheSocketAndNoMore() {
    run(MOST_PEERS, 4 << 20, Delivery.RELIABLE_ORDERED, 16, 1_000);
    assertTrue(mostHeldBytes > ceilingBytes / 2, mostHeldBytes + " bytes: nobody had to wait");
  }

  /** All that is held are beginnings: there is nothing to read that would make room. */
  @ParameterizedTest
  @EnumSource(names = {"RELIABLE_ORDERED", "RELIABLE_UNORDERED"})
  void fault27_beginningsOfMessagesThatFillTheCeilingDoNotBlockEachOther(Delivery delivery) {
    run(100, 400_000, delivery, 1, 20_000);
  }

  private void run(int peers, long ceiling, Delivery delivery, int messages, int messageBytes) {
    ceilingBytes = ceiling;
    SimulatedEndpoint server =
        new SimulatedEndpoint(
            new ReliableEndpoint(options(), new SplittableRandom(-1), SERVER::equals),
            message -> takenBytes += message.body().length,
            event -> {});
    server.pauseReading();
    network.attach(SERVER, server);
    for (int i = 0; i < peers; i++) {
      peer(i, delivery, messages, messageBytes);
    }
    network.run(Duration.ofSeconds(3));
    assertEquals(peers, server.endpoint().connections(network.nowNanos()).size());
    assertEquals(0, takenBytes);
    assertTrue(mostHeldBytes <= ceilingBytes * 5 / 4, mostHeldBytes + " bytes are held");

    server.resumeReading();
    network.wake(SERVER);
    long all = (long) peers * messages * messageBytes;
    assertTrue(
        network.runUntil(() -> acknowledgedBytes == all, Duration.ofSeconds(60)),
        () -> acknowledgedBytes + " bytes of " + all + " are acknowledged");
    assertEquals(all, takenBytes);
    assertTrue(mostHeldBytes <= ceilingBytes * 5 / 4, mostHeldBytes + " bytes were held");
    assertEquals(List.of(), ends, "none was dropped for another");
  }
}
