package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.DraftOptions;
import io.posthorn.Mode;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.wire.VarInt;
import java.time.Duration;
import net.jqwik.api.Example;

/**
 * Channels with an open stream that nobody reads fill their own share of the sender's buffer, not
 * that of others: those are taken, and told to go on.
 */
class StalledChannelTest {
  private static final int STALLED = 3;
  private static final int PART_BYTES = 10_000;

  private final Pair pair =
      new Pair(1, Pair.clear(), streaming()).link(LinkConditions.parse("delay 10ms"));
  private final Endpoint endpoint = pair.a.endpoint();
  private final long connection = pair.a.connect(pair.b);

  private static SocketOptions streaming() {
    DraftOptions options = DraftOptions.of(Mode.RELIABLE);
    options.security = Security.none();
    options.streaming = true;
    return options.done();
  }

  private SendOutcome send(int channel, int bytes, boolean more) {
    OutgoingMessage message =
        OutgoingMessage.part(connection, pair.b.address, channel, new byte[bytes], more);
    SendOutcome outcome = endpoint.send(message, pair.network.nowNanos());
    pair.network.wake(pair.a.address);
    return outcome;
  }

  private SendOutcome send(int channel, int bytes) {
    return send(channel, bytes, false);
  }

  private int run(int channel, byte[] run, int to) {
    int taken =
        endpoint.sendRun(
            connection, pair.b.address, channel, run, 0, to, false, pair.network.nowNanos());
    pair.network.wake(pair.a.address);
    return taken;
  }

  /** Sends parts of a stream, of which only the first is read, until nothing moves any more. */
  private void stall(int channel) {
    for (int i = 0; i < 20; i++) {
      pair.network.run(Duration.ofMillis(500));
      while (send(channel, PART_BYTES, true) == SendOutcome.ACCEPTED) {
        // More is taken.
      }
    }
  }

  private int told() {
    return pair.history.told(0, EndpointEvent.Writable.class).size();
  }

  @Example
  void anotherChannelIsTaken() {
    stall(STALLED);
    for (int round = 0; round < 10; round++) {
      for (int i = 0; i < 50; i++) {
        assertEquals(SendOutcome.ACCEPTED, send(4, 1_000), "message " + i + " of " + round);
      }
      pair.network.run(Duration.ofMillis(100));
    }
  }

  @Example
  void aRefusedSenderBesideAStalledChannelIsToldToGoOn() {
    stall(STALLED);
    pair.link(LinkConditions.parse("delay 10ms loss 100%"));
    while (send(4, 1_000) == SendOutcome.ACCEPTED) {
      // Nothing of it gets through.
    }
    int before = told();
    pair.link(LinkConditions.parse("delay 10ms"));
    pair.network.run(Duration.ofSeconds(5));
    assertTrue(told() > before, "the sender of the other channel still waits");
    assertEquals(SendOutcome.ACCEPTED, send(4, 1_000));
  }

  @Example
  void aLargeMessageGoesBesideStalledChannels() {
    for (int channel = 10; channel < 14; channel++) {
      stall(channel);
    }
    assertEquals(SendOutcome.ACCEPTED, send(4, 4 << 20));
  }

  /** It is longer than the whole buffer, and nothing of what is left of it moves. */
  @Example
  void aMessageBeyondTheBufferThatNobodyReadsStopsNoOther() {
    int large = pair.a.options().sendBufferBytes() + 1;
    pair.network.run(Duration.ofSeconds(1));
    assertEquals(SendOutcome.ACCEPTED, send(STALLED, large, true));
    pair.network.run(Duration.ofSeconds(2));
    for (int round = 0; round < 10; round++) {
      assertEquals(SendOutcome.ACCEPTED, send(4, 64 << 10), "in round " + round);
      pair.network.run(Duration.ofSeconds(2));
    }
    assertEquals(SendOutcome.BLOCKED, send(5, large), "the ceiling");
  }

  /** Messages that go straight into the stream: those that wait for credit hold back no others. */
  @Example
  void runsOfAnotherChannelAreTaken() {
    byte[] run = new byte[100 * 1_000];
    for (int i = 0; i < 100; i++) {
      VarInt.write(run, i * 1_000, 998 * 2L);
    }
    for (int i = 0; i < 30; i++) {
      send(STALLED, PART_BYTES, true);
    }
    assertEquals(SendOutcome.ACCEPTED, send(STALLED, PART_BYTES));
    for (int i = 0; i < 40; i++) {
      pair.network.run(Duration.ofMillis(50));
      run(STALLED, run, run.length);
    }
    for (int round = 0; round < 10; round++) {
      assertEquals(run.length / 2, run(4, run, run.length / 2), "in round " + round);
      pair.network.run(Duration.ofMillis(100));
    }
  }
}
