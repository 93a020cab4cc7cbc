package io.posthorn.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.io.ForwardingDatagramPort;
import io.posthorn.io.NioDatagramPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Spinning before blocking, by a clock that goes on with each look and each wait alone. */
class LeaderSleepTest {
  private static final long SPIN_NANOS = 20_000;
  private static final long LOOK_NANOS = 1_000;
  private static final int SPIN_LOOKS = (int) (SPIN_NANOS / LOOK_NANOS);

  /** Longer than any wait that is worth to spin for. */
  private static final long LONG_NANOS = 100 * SPIN_NANOS;

  private long nowNanos = 7;
  private CountingPort port;

  /** Notes how it is asked. */
  private final class CountingPort extends ForwardingDatagramPort {
    /** Looks without a wait, and which of them finds something; 0 for none. */
    private int looks;

    private int lookThatFinds;

    /** Waits, by how long they were to last at most, and how long each one does. */
    private final List<Long> waits = new ArrayList<>();

    private long waitNanos = 1;
    private int untilWritable;

    CountingPort() throws IOException {
      super(NioDatagramPort.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
    }

    @Override
    public boolean await(long timeoutNanos, boolean writable) {
      untilWritable += writable ? 1 : 0;
      if (timeoutNanos > 0) {
        waits.add(timeoutNanos);
        nowNanos += waitNanos;
        return true;
      }
      looks++;
      nowNanos += LOOK_NANOS;
      return looks == lookThatFinds;
    }
  }

  @BeforeEach
  void open() throws IOException {
    port = new CountingPort();
  }

  @AfterEach
  void close() throws IOException {
    port.close();
  }

  private LeaderSleep sleep(long spinNanos) {
    return new LeaderSleep(port, () -> nowNanos, spinNanos);
  }

  @Test
  void spinsForItsTimeAndThenBlocks() throws Exception {
    LeaderSleep sleep = sleep(SPIN_NANOS);
    for (int i = 1; i <= 3; i++) {
      sleep.await(Endpoint.NEVER, true);
      assertEquals(i * SPIN_LOOKS, port.looks);
      assertEquals(i, port.waits.size());
      assertEquals(Endpoint.NEVER, port.waits.get(i - 1));
      assertEquals(port.looks + i, port.untilWritable, "each for room too");
    }
  }

  @Test
  void whatComesEndsTheSpinning() throws Exception {
    port.lookThatFinds = 5;
    sleep(SPIN_NANOS).await(Endpoint.NEVER, false);
    assertEquals(5, port.looks);
    assertEquals(List.of(), port.waits);
    assertEquals(0, port.untilWritable);
  }

  @Test
  void spinningIsAPartOfTheWait() throws Exception {
    LeaderSleep sleep = sleep(SPIN_NANOS);
    sleep.await(SPIN_NANOS + 5 * LOOK_NANOS, false);
    assertEquals(SPIN_LOOKS, port.looks);
    assertEquals(List.of(5 * LOOK_NANOS), port.waits);
    sleep.await(5 * LOOK_NANOS, false);
    assertEquals(SPIN_LOOKS + 5, port.looks);
    assertEquals(1, port.waits.size(), "its time is over");
  }

  @Test
  void anIdleSocketDoesNotSpinUntilAWaitIsShortAgain() throws Exception {
    LeaderSleep sleep = sleep(SPIN_NANOS);
    port.waitNanos = LONG_NANOS;
    for (int i = 1; i <= 4; i++) {
      sleep.await(Endpoint.NEVER, false);
      assertEquals(SPIN_LOOKS, port.looks, "in the first alone");
      assertEquals(i, port.waits.size());
    }
    port.waitNanos = 1;
    sleep.await(Endpoint.NEVER, false);
    assertEquals(SPIN_LOOKS, port.looks);
    sleep.await(Endpoint.NEVER, false);
    assertEquals(2 * SPIN_LOOKS, port.looks);
  }

  @Test
  void whoDoesNotAskForItNeverSpins() throws Exception {
    LeaderSleep sleep = sleep(0);
    for (int i = 1; i <= 3; i++) {
      sleep.await(Endpoint.NEVER, false);
      assertEquals(i, port.waits.size());
    }
    assertEquals(0, port.looks);
  }
}
