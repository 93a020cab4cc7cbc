package io.posthorn.protocol.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.ConnectionInfo.Ecn;
import org.junit.jupiter.api.Test;

/** RFC 9000 §13.4.2, one rule a test. */
class EcnValidationTest {
  private final EcnValidation ecn = new EcnValidation();
  private long packetNumber;

  /** Sends so many packets and answers how many of them carried the mark. */
  private int send(int packets) {
    int marked = 0;
    for (int i = 0; i < packets; i++) {
      if (ecn.marksNext(true)) {
        ecn.onMarkedSent(packetNumber);
        marked++;
      }
      packetNumber++;
    }
    return marked;
  }

  private boolean acknowledge(int marked, long ect0, long ect1, long ce) {
    for (int i = 0; i < marked; i++) {
      ecn.onMarkedAcknowledged(packetNumber - 1);
    }
    return ecn.onAck(true, ect0, ect1, ce);
  }

  @Test
  void onlyTheFirstTenAreMarkedUntilItIsKnownThatMarksGetThrough() {
    assertEquals(10, send(50));
    assertSame(Ecn.TESTING, ecn.state());
    assertFalse(acknowledge(10, 10, 0, 0));
    assertSame(Ecn.CAPABLE, ecn.state());
    assertEquals(50, send(50));
  }

  /** The loss of another would not show, and the trial that was lost would never end. */
  @Test
  void aTrialIsOfPacketsInFlight() {
    assertFalse(ecn.marksNext(false));
    assertEquals(10, send(10));
    assertFalse(ecn.marksNext(false));
    acknowledge(1, 1, 0, 0);
    assertTrue(ecn.marksNext(false), "once marks are known to get through, all carry them");
  }

  @Test
  void reportOfCongestionIsNewOnce() {
    send(10);
    acknowledge(2, 2, 0, 0);
    assertTrue(acknowledge(3, 4, 0, 1));
    assertFalse(acknowledge(2, 6, 0, 1));
    assertTrue(acknowledge(2, 6, 0, 3));
    assertEquals(3, ecn.packetsMarkedCe());
  }

  @Test
  void marksThatArriveAsNoneEndIt() {
    send(10);
    assertFalse(acknowledge(1, 0, 0, -1));
    assertSame(Ecn.FAILED, ecn.state());
    assertEquals(0, send(10));
  }

  @Test
  void fewerMarksThanWereAcknowledgedEndIt() {
    send(10);
    acknowledge(4, 4, 0, 0);
    send(10);
    assertFalse(acknowledge(3, 5, 0, 1));
    assertSame(Ecn.FAILED, ecn.state());
  }

  @Test
  void marksNeverSentEndIt() {
    send(3);
    acknowledge(2, 2, 1, 0);
    assertSame(Ecn.FAILED, ecn.state(), "ECT(1)");
  }

  @Test
  void moreMarksThanWereSentEndIt() {
    send(3);
    acknowledge(3, 3, 0, 1);
    assertSame(Ecn.FAILED, ecn.state());
  }

  @Test
  void countsThatFallEndIt() {
    send(10);
    acknowledge(5, 3, 0, 2);
    acknowledge(1, 5, 0, 1);
    assertSame(Ecn.FAILED, ecn.state());
  }

  @Test
  void acknowledgementsOutOfOrderSayNothing() {
    send(10);
    acknowledge(6, 6, 0, 0);
    for (int i = 0; i < 2; i++) {
      ecn.onMarkedAcknowledged(packetNumber - 1);
    }
    assertFalse(ecn.onAck(false, 3, 0, 0));
    assertSame(Ecn.CAPABLE, ecn.state());
    assertFalse(acknowledge(1, 9, 0, 0));
    assertSame(Ecn.CAPABLE, ecn.state());
  }

  @Test
  void boxThatMarksEverythingIsNoCongestion() {
    send(10);
    assertFalse(acknowledge(4, 0, 0, 4));
    assertSame(Ecn.TESTING, ecn.state());
    assertFalse(acknowledge(6, 0, 0, 10));
    assertSame(Ecn.FAILED, ecn.state());
    assertEquals(0, ecn.packetsMarkedCe());
  }

  @Test
  void congestionFromTheStartIsHeededOnceAMarkComesUnchanged() {
    send(10);
    assertFalse(acknowledge(4, 0, 0, 4));
    assertTrue(acknowledge(2, 1, 0, 5));
    assertSame(Ecn.CAPABLE, ecn.state());
    assertEquals(5, ecn.packetsMarkedCe());
  }

  @Test
  void pathThatLosesWhatIsMarkedIsSentNoMore() {
    send(20);
    for (int number = 0; number < 9; number++) {
      ecn.onMarkedLost(number);
    }
    assertSame(Ecn.TESTING, ecn.state());
    ecn.onMarkedLost(9);
    assertSame(Ecn.FAILED, ecn.state());
  }

  private void loseTrial() {
    long first = packetNumber;
    assertEquals(10, send(20));
    for (int i = 0; i < 10; i++) {
      ecn.onMarkedLost(first + i);
    }
    assertSame(Ecn.FAILED, ecn.state());
  }

  /** Perhaps the peer had no memory for them; if not, what the trials cost is less and less. */
  @Test
  void trialOfWhichAllWasLostIsRepeatedEverMoreSeldom() {
    for (int packets = 1_000; packets <= 8_000; packets *= 2) {
      loseTrial();
      ecn.onAcknowledged(packets - 1);
      assertEquals(0, send(10));
      ecn.onAcknowledged(1);
      assertSame(Ecn.TESTING, ecn.state());
    }
    ecn.onPathChanged(packetNumber);
    loseTrial();
    ecn.onAcknowledged(1_000);
    assertEquals(10, send(20));
    acknowledge(10, 10, 0, 0);
    assertSame(Ecn.CAPABLE, ecn.state());
  }

  @Test
  void pathThatRemovesMarksIsNotTriedAgain() {
    send(10);
    acknowledge(10, 0, 0, -1);
    ecn.onAcknowledged(1_000_000);
    assertSame(Ecn.FAILED, ecn.state());
  }

  @Test
  void silencePausesMarksAndIsFollowedByAnotherTrial() {
    send(10);
    acknowledge(10, 10, 0, 0);
    ecn.onProbe(1);
    assertEquals(1, send(1));
    ecn.onProbe(2);
    assertEquals(0, send(4));
    acknowledge(0, 10, 0, 0);
    assertSame(Ecn.TESTING, ecn.state());
    assertEquals(10, send(30));
    ecn.onMarkedLost(10); // of before the trial
    for (int i = 0; i < 9; i++) {
      ecn.onMarkedLost(packetNumber - 30 + i);
    }
    assertSame(Ecn.TESTING, ecn.state());
    acknowledge(1, 11, 0, 0);
    assertSame(Ecn.CAPABLE, ecn.state());
  }

  @Test
  void otherPathIsTriedAnew() {
    send(10);
    acknowledge(1, 0, 0, -1);
    ecn.onPathChanged(packetNumber);
    assertEquals(10, send(20));
    acknowledge(1, 1, 0, 0);
    assertSame(Ecn.CAPABLE, ecn.state());
  }

  private void acknowledgeOld(int marked, long ect0, long ect1, long ce) {
    for (int i = 0; i < marked; i++) {
      ecn.onMarkedAcknowledged(i);
    }
    assertFalse(ecn.onAck(true, ect0, ect1, ce), "what befell the old path is no congestion here");
  }

  /** The old way removed the marks, changed them or set that of congestion. */
  @Test
  void reportsAboutTheOldPathDoNotEndTheTrialOfTheNewOne() {
    long[][] reports = {{0, 0, -1}, {2, 0, 0}, {0, 5, 0}, {0, 0, 10}};
    for (long[] report : reports) {
      EcnValidationTest fresh = new EcnValidationTest();
      fresh.send(10);
      fresh.ecn.onPathChanged(fresh.packetNumber);
      assertEquals(10, fresh.send(10));
      fresh.acknowledgeOld(10, report[0], report[1], report[2]);
      assertSame(Ecn.TESTING, fresh.ecn.state());
      long ce = Math.max(0, report[2]);
      assertTrue(fresh.acknowledge(10, report[0] + 9, report[1], ce + 1));
      assertSame(Ecn.CAPABLE, fresh.ecn.state());
      assertEquals(1, fresh.ecn.packetsMarkedCe());
    }
  }

  @Test
  void reportsAboutTheOldPathProveNothingOfTheNewOne() {
    send(10);
    ecn.onPathChanged(packetNumber);
    assertEquals(10, send(10));
    acknowledgeOld(10, 10, 0, 0);
    assertSame(Ecn.TESTING, ecn.state());
    acknowledge(10, 10, 0, 0);
    assertSame(Ecn.FAILED, ecn.state(), "the new one removes marks");
  }

  @Test
  void trialThatIsReportedTogetherWithTheOldPathIsRepeated() {
    send(10);
    ecn.onPathChanged(packetNumber);
    assertEquals(10, send(10));
    for (int i = 0; i < 10; i++) {
      ecn.onMarkedAcknowledged(packetNumber - 1);
    }
    acknowledgeOld(10, 12, 0, 0);
    assertSame(Ecn.TESTING, ecn.state());
    assertEquals(10, send(20));
    acknowledge(10, 22, 0, 0);
    assertSame(Ecn.CAPABLE, ecn.state());
  }

  @Test
  void whatEndedItOnOnePathDoesNotEndItOnTheNext() {
    send(10);
    acknowledge(2, 1, 1, 0);
    assertSame(Ecn.FAILED, ecn.state());
    ecn.onPathChanged(packetNumber);
    assertEquals(10, send(10));
    acknowledge(10, 11, 1, 0);
    assertSame(Ecn.CAPABLE, ecn.state());
  }
}
