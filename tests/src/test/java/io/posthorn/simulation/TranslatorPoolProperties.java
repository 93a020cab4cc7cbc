package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.runtime.SimulatedEndpoint;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * FAULTS 13 and 18: hosts that come one after another behind a translator which has few ports, and
 * gives each that was left to the next. The server answers by the address that a message came from.
 */
class TranslatorPoolProperties {
  private static final InetSocketAddress SERVER = Pair.address(1, 4_000);
  private static final int CLIENTS = 8;
  private static final int PORTS = 12;

  /** A port that was left is given again when what is under way has arrived, and a message more. */
  private static final long HELD_NANOS = 400_000_000L;

  private record Free(InetSocketAddress external, long sinceNanos) {}

  private final ArrayDeque<Free> pool = new ArrayDeque<>();
  private final List<EndpointEvent> ends = new ArrayList<>();
  private SimulatedNetwork network = SimulatedNetwork.seeded(0);
  private int asked;
  private int answered;

  /** A client, which says its number in each question and hears no other. */
  private final class Client {
    final int number;
    final InetSocketAddress address;
    final SimulatedEndpoint host;

    Client(int number, SocketOptions options, long seed) {
      this.number = number;
      this.address = Pair.address(100 + number, 4_000);
      host =
          new SimulatedEndpoint(
              new ReliableEndpoint(options, new SplittableRandom(seed), address::equals),
              message -> {
                assertEquals(number, message.body()[0], "an answer to another");
                answered++;
              },
              event -> {
                if (event instanceof EndpointEvent.Closed) {
                  ends.add(event);
                }
              });
      network.attach(address, host);
      network.rebind(address, take());
    }

    void ask() {
      send(host.endpoint(), SERVER, number);
      asked++;
      network.wake(address);
    }

    void move() {
      InetSocketAddress left = network.externalAddress(address);
      network.rebind(address, take());
      pool.add(new Free(left, network.nowNanos()));
    }
  }

  private InetSocketAddress take() {
    Free oldest = pool.element();
    assertTrue(network.nowNanos() - oldest.sinceNanos >= HELD_NANOS || oldest.sinceNanos < 0);
    return pool.remove().external;
  }

  private void send(Endpoint from, InetSocketAddress to, int number) {
    OutgoingMessage message =
        new OutgoingMessage(
            Endpoint.NO_CONNECTION,
            to,
            0,
            Delivery.RELIABLE_ORDERED,
            -1,
            new byte[] {(byte) number},
            false,
            Endpoint.NEVER,
            false,
            new Object());
    from.send(message, network.nowNanos());
  }

  @Property(tries = 6)
  void fault18_noAnswerGoesToAnotherAndNobodyIsTakenForRestarted(
      @ForAll long seed, @ForAll boolean sealed) {
    network = SimulatedNetwork.seeded(seed).link(LinkConditions.parse("delay 10ms"));
    pool.clear();
    ends.clear();
    asked = 0;
    answered = 0;
    for (int i = 0; i < PORTS; i++) {
      pool.add(new Free(Pair.address(9, 6_000 + i), -1));
    }
    SocketOptions options = sealed ? Pair.options() : Pair.clear();
    SimulatedEndpoint[] server = new SimulatedEndpoint[1];
    server[0] =
        new SimulatedEndpoint(
            new ReliableEndpoint(options, new SplittableRandom(seed), SERVER::equals),
            (ReceivedMessage question) ->
                send(server[0].endpoint(), question.from(), question.body()[0]),
            event -> {
              if (event instanceof EndpointEvent.Closed) {
                ends.add(event);
              }
            });
    network.attach(SERVER, server[0]);
    SplittableRandom random = new SplittableRandom(seed);
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      int number = i;
      network.at(
          Duration.ofSeconds(3L * i),
          () -> clients.add(new Client(number, options, random.nextLong())));
    }
    for (int at = 0; at < 30_000; at += 100) {
      network.at(Duration.ofMillis(at), () -> clients.forEach(Client::ask));
    }
    for (int at = 1_000; at < 30_000; at += 600) {
      network.at(Duration.ofMillis(at), () -> clients.get(random.nextInt(clients.size())).move());
    }
    network.run(Duration.ofSeconds(35));
    assertEquals(List.of(), ends);
    assertEquals(asked, answered);
    assertEquals(CLIENTS, server[0].endpoint().connections(network.nowNanos()).size());
  }
}
