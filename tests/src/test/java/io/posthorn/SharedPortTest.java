package io.posthorn;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.io.DatagramPort;
import io.posthorn.io.ForwardingDatagramPort;
import io.posthorn.io.NioDatagramPort;
import io.posthorn.io.SharedPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two sockets, one in each mode, at one UDP port. */
@Timeout(120)
class SharedPortTest {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static final Duration GUARD = Duration.ofSeconds(60);

  private static MessageSocketBuilder plain() {
    return MessageSocket.builder().mode(Mode.PLAIN);
  }

  private static MessageSocket owner(boolean portable) throws IOException {
    return MessageSocket.builder().bind(ANY).portableIo(portable).sharedPort(true).open();
  }

  private static String text(Message message) {
    assertNotNull(message);
    return new String(message.bytes(), UTF_8);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void eachModeGetsWhatIsItsOwnAndAnswersFromThatPort(boolean portable) throws Exception {
    try (MessageSocket reliable = owner(portable);
        MessageSocket beside = plain().beside(reliable).open();
        MessageSocket letters = plain().bind(ANY).open();
        MessageSocket registered = MessageSocket.builder().bind(ANY).open()) {
      InetSocketAddress port = reliable.localAddress();
      assertEquals(port, beside.localAddress());
      for (int i = 0; i < 100; i++) {
        letters.send(port, ("letter " + i).getBytes(UTF_8));
        registered.send(port, ("registered " + i).getBytes(UTF_8));
        assertEquals("letter " + i, text(beside.receive(GUARD)));
        Message message = reliable.receive(GUARD);
        assertEquals("registered " + i, text(message));
        reliable.send(message.from(), "back".getBytes(UTF_8));
        assertEquals("back", text(registered.receive(GUARD)));
        beside.send(letters.localAddress(), "back".getBytes(UTF_8));
        Message back = letters.receive(GUARD);
        assertEquals("back", text(back));
        assertEquals(port, back.from());
      }
      letters.send(port, new byte[0]);
      assertEquals("", text(beside.receive(GUARD)));
      assertTrue(beside.statistics().ioPath().contains("shared with reliable mode"));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatTheSystemRefusesCountsForTheSideThatSentIt(boolean portable) throws Exception {
    try (MessageSocket reliable = owner(portable);
        MessageSocket beside = plain().beside(reliable).open()) {
      byte[] everybody = {-1, -1, -1, -1};
      beside.send(new InetSocketAddress(InetAddress.getByAddress(everybody), 9), new byte[1]);
      while (beside.statistics().sendErrorsTotal() + reliable.statistics().sendErrorsTotal() == 0) {
        Thread.onSpinWait();
      }
      assertEquals(1, beside.statistics().sendErrorsTotal());
      assertEquals(0, reliable.statistics().sendErrorsTotal());
    }
  }

  @Test
  void whatLooksLikeAPacketIsNeverPlainAndWithoutANeighbourTheRestIsCounted() throws Exception {
    try (MessageSocket reliable = owner(false);
        MessageSocket letters = plain().bind(ANY).open()) {
      InetSocketAddress port = reliable.localAddress();
      MessageSocket beside = plain().beside(reliable).open();
      letters.send(port, new byte[] {8, 1, 2});
      letters.send(port, "after".getBytes(UTF_8));
      assertEquals("after", text(beside.receive(GUARD)));
      assertEquals(1, reliable.statistics().dropsTotal());
      beside.close();
      letters.send(port, "nobody".getBytes(UTF_8));
      try (MessageSocket again = plain().beside(reliable).open()) {
        assertThrows(IOException.class, () -> plain().beside(reliable).open());
        Message first = null;
        while (first == null) { // "nobody" may still be on its way when the neighbour moves in
          letters.send(port, "again".getBytes(UTF_8));
          first = again.receive(Duration.ofMillis(100));
        }
      }
    }
  }

  @Test
  void theNeighbourEndsWithTheOwnerOfThePort() throws Exception {
    MessageSocket reliable = owner(false);
    try (MessageSocket beside = plain().beside(reliable).open()) {
      reliable.close();
      String why = "the socket whose port this one is beside is closed";
      SocketClosedException ended =
          assertThrows(SocketClosedException.class, () -> beside.receive(GUARD));
      assertTrue(ended.getMessage().contains(" is closed, for " + why), ended.getMessage());
      IOException tooLate = assertThrows(IOException.class, () -> plain().beside(reliable).open());
      assertEquals(why, tooLate.getMessage());
      assertEquals(CloseCause.SOCKET_CLOSED, beside.close(Duration.ZERO).cause());
    }
  }

  @Test
  void theImpairmentOfTheOwnerIsTheNeighboursToo() throws Exception {
    long delayNanos = 100_000_000;
    try (MessageSocket reliable =
            MessageSocket.builder()
                .bind(ANY)
                .sharedPort(true)
                .impair("delay 100ms")
                .impairSeed(1)
                .open();
        MessageSocket letters = plain().bind(ANY).open();
        MessageSocket registered = MessageSocket.builder().bind(ANY).open()) {
      // The network has been there for a while when the neighbour moves in.
      registered.connect(reliable.localAddress());
      try (MessageSocket beside = plain().beside(reliable).open()) {
        long sent = System.nanoTime();
        beside.send(letters.localAddress(), "late".getBytes(UTF_8));
        Message message = letters.receive(GUARD);
        long came = System.nanoTime();
        assertEquals("late", text(message));
        assertTrue(came - sent >= delayNanos, "after " + (came - sent) + " ns");
        letters.send(message.from(), "and back".getBytes(UTF_8));
        assertEquals("and back", text(beside.receive(GUARD)));
        assertTrue(System.nanoTime() - came >= delayNanos);
        assertNull(letters.receive(Duration.ZERO));
      }
    }
  }

  /** As a capture and a bad network see it. */
  @Test
  void thePortBelowKnowsOneTimeWhichIsTheOwners() throws Exception {
    List<Long> told = new ArrayList<>();
    long[] ownersTime = {1_000};
    SharedPort shared = new SharedPort(new ToldPort(told));
    DatagramPort beside = shared.openPlainSide(() -> ownersTime[0]);
    TransmitBatch batch = new TransmitBatch();
    batch.begin(ANY, 1);
    shared.send(batch, 0, 999);
    beside.send(batch, 0, 5);
    shared.receive(ByteBuffer.allocate(DatagramPort.SLAB_BYTES), 998); // read before it waited
    ownersTime[0] = 2_000;
    beside.send(batch, 0, 6);
    shared.send(batch, 0, 2_001);
    shared.close();
    assertEquals(List.of(999L, 1_000L, 1_000L, 2_000L, 2_001L), told);
  }

  /** Notes what time it is told. */
  private static final class ToldPort extends ForwardingDatagramPort {
    private final List<Long> told;

    ToldPort(List<Long> told) throws IOException {
      super(NioDatagramPort.open(ANY));
      this.told = told;
    }

    @Override
    public int send(TransmitBatch batch, int firstSegment, long nowNanos) {
      told.add(nowNanos);
      return batch.segments() - firstSegment;
    }

    @Override
    public InetSocketAddress receive(ByteBuffer into, long nowNanos) {
      told.add(nowNanos);
      return null;
    }
  }

  @Test
  void eachWordIsForItsMode() throws Exception {
    assertThrows(IllegalArgumentException.class, () -> plain().bind(ANY).sharedPort(true).open());
    try (MessageSocket reliable = owner(false);
        MessageSocket other = MessageSocket.builder().bind(ANY).open()) {
      assertThrows(
          IllegalArgumentException.class, () -> MessageSocket.builder().beside(reliable).open());
      assertThrows(IllegalArgumentException.class, () -> plain().beside(other));
    }
  }
}
