package io.posthorn.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** What is told of the data of one direction. */
class FlowReceiverTest {
  private static final int BYTES = 1_000;

  private final FlowReceiver receiver = new FlowReceiver();

  private void arrive(long sequence, long nanos) {
    byte[] message = new byte[BYTES];
    BenchMessage.write(message, BenchMessage.DATA, 1, sequence, 0);
    receiver.onData(message, nanos);
  }

  private double bitsPerSecond(long sent) {
    return DirectionResult.of(sent, 0, BYTES, receiver.report()).bitsPerSecond();
  }

  /** A link that takes a millisecond for each message: 8 Mbit/s, however few they are. */
  @Test
  void theFirstMessageTakesItsTimeToo() {
    receiver.begin(5_000_000);
    for (int sequence = 0; sequence < 3; sequence++) {
      arrive(sequence, 6_000_000 + sequence * 1_000_000L);
      assertEquals(8e6, bitsPerSecond(sequence + 1), 1);
    }
  }

  @Test
  void aRepeatedBeginningCountsUntilSomethingHasCome() {
    receiver.begin(1);
    receiver.begin(1_000);
    assertEquals(0, receiver.report().elapsedNanos(), "nothing has come");
    arrive(0, 1_500);
    receiver.begin(2_000);
    arrive(1, 3_000);
    assertEquals(2_000, receiver.report().elapsedNanos());
  }

  @Test
  void withoutABeginningTheFirstArrivalIsIt() {
    arrive(1, 1_500);
    arrive(0, 1_800);
    assertEquals(300, receiver.report().elapsedNanos());
  }
}
