package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.cli.PingStatistics.Answer;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class PingStatisticsTest {
  @Test
  void tellsLossDuplicatesAndReorderingApart() {
    PingStatistics statistics = new PingStatistics();
    for (int sequence = 1; sequence <= 4; sequence++) {
      assertEquals(sequence, statistics.nextSequence());
    }
    assertEquals(Answer.FIRST, statistics.onAnswer(1, 1_000_000));
    assertEquals(Answer.FIRST, statistics.onAnswer(3, 3_000_000));
    assertEquals(Answer.OUT_OF_ORDER, statistics.onAnswer(2, 5_000_000));
    assertEquals(Answer.DUPLICATE, statistics.onAnswer(2, 9_000_000));
    assertEquals(Answer.FOREIGN, statistics.onAnswer(5, 1));
    assertEquals(25, statistics.lossPercent());
    assertFalse(statistics.allAnswered());
    assertEquals(
        "4 sent, 3 received, 25% lost, 1 duplicate, 1 out of order, 1 that were no answer,"
            + " time 2.0 s",
        statistics.countsText(2));
    // Of 1, 3 and 5 ms the mean is 3 and the deviation the root of 8/3.
    assertEquals("rtt min/avg/max/mdev = 1.000/3.000/5.000/1.633 ms", statistics.timesText());
  }

  @Test
  void everyAnswerMakesItComplete() {
    PingStatistics statistics = new PingStatistics();
    statistics.nextSequence();
    statistics.onAnswer(1, 5);
    assertTrue(statistics.allAnswered());
    assertEquals(0, statistics.lossPercent());
  }

  @Test
  void noPercentileStandsAboveTheLongestTime() {
    RoundTripHistogram times = new RoundTripHistogram();
    times.add(40_959_001); // one of a bucket that goes up to 40.992 ms
    assertEquals(
        "rtt percentiles 50/90/99/99.9 = 40.959/40.959/40.959/40.959 ms", times.percentilesText());
    assertEquals(
        "{\"p50\":40.959001,\"p90\":40.959001,\"p99\":40.959001,\"p99.9\":40.959001}",
        times.write(new JsonText().beginObject()).endObject().toString());
  }

  @Test
  void messageIsKnownAgainAndAnyChangeToItIsSeen() {
    PingMessage messages = new PingMessage(77, 20);
    byte[] made = messages.make(5, 123L);
    assertEquals(5, messages.sequence(ByteBuffer.wrap(made)));
    assertEquals(123L, PingMessage.sentNanos(ByteBuffer.wrap(made)));
    assertEquals(PingMessage.FOREIGN, new PingMessage(78, 20).sequence(ByteBuffer.wrap(made)));
    assertEquals(PingMessage.FOREIGN, messages.sequence(ByteBuffer.wrap(made, 0, 19)));
    made[19] ^= 1;
    assertEquals(PingMessage.FOREIGN, messages.sequence(ByteBuffer.wrap(made)));
  }
}
