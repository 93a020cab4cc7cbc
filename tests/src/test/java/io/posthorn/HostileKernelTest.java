package io.posthorn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.cli.sockets.SocketRows;
import io.posthorn.io.DatagramPort;
import io.posthorn.io.ScriptedPorts;
import io.posthorn.io.ScriptedPorts.Script;
import io.posthorn.io.ScriptedPorts.Way;
import io.posthorn.protocol.PortLimits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What the operating system may answer, on the fast path and on the portable one: in reliable mode
 * no message is lost, no thread spins, and each refusal is counted.
 */
@Timeout(120)
@EnabledOnOs(OS.LINUX)
class HostileKernelTest {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static final Duration GUARD = Duration.ofSeconds(60);
  private static final int LONG_MESSAGE_BYTES = 20_000;
  private static final int FLOOR_BYTES = 1_200;

  /** A wait and a look for more, or two that find something; and some for what comes in time. */
  private static final int TURNS_A_DATAGRAM = 4;

  private static final int IDLE_TURNS = 1_000;

  /** What a forged MTU of 68 bytes leaves beside the headers of IPv4 and UDP. */
  private static final int FORGED_MOST_BYTES = 40;

  /** More than the packets of one window and its probes. */
  private static final int FORGED_REFUSALS = 60;

  /** EPERM, EADDRNOTAVAIL, ENETDOWN, ENETUNREACH, ENOBUFS, EHOSTUNREACH. */
  private static final List<Integer> WEATHER = List.of(1, 99, 100, 101, 105, 113);

  private final AtomicInteger sends = new AtomicInteger();
  private final AtomicInteger receives = new AtomicInteger();
  private final AtomicInteger waits = new AtomicInteger();
  private volatile boolean receivingFails;

  /** Calls that send and were refused, but for wake-ups. */
  private final AtomicInteger refusals = new AtomicInteger();

  /** The datagrams in them, and how many of those were alone. */
  private final AtomicInteger refused = new AtomicInteger();

  private final AtomicInteger refusedAlone = new AtomicInteger();
  private final AtomicInteger failedReceives = new AtomicInteger();
  private MessageSocket receiver;
  private MessageSocket sender;

  @BeforeEach
  void openReceiver() throws IOException {
    receiver = MessageSocket.builder().bind(ANY).open();
  }

  @AfterEach
  void close() {
    sender.close(Duration.ZERO);
    receiver.close(Duration.ZERO);
  }

  /** What the system says of a call that sends, 0 to let it through. */
  private interface Refusing {
    int errorOf(int datagramBytes, int datagrams);
  }

  private void openSender(Way way, Refusing onSend) throws IOException {
    Script script =
        new Script() {
          @Override
          public int onSend(int bytes, int datagrams) {
            int errno = onSend.errorOf(bytes, datagrams);
            if (errno != 0 && bytes != ScriptedPorts.WAKE_UP_BYTES) {
              refusals.incrementAndGet();
              refused.addAndGet(datagrams);
              refusedAlone.addAndGet(datagrams == 1 ? 1 : 0);
            }
            return errno;
          }

          @Override
          public int onReceive() {
            boolean fails = receives.incrementAndGet() % 3 == 0 && receivingFails;
            failedReceives.addAndGet(fails ? 1 : 0);
            return fails ? ScriptedPorts.ECONNREFUSED : 0;
          }
        };
    sender = open(ScriptedPorts.open(way, ANY, script, waits));
  }

  private static MessageSocket open(DatagramPort port) throws IOException {
    SocketOptions options = SocketOptions.defaults(Mode.RELIABLE);
    int welcome = Math.max(1_200, Math.min(65_507, port.grantedReceiveBufferBytes() / 4));
    PortLimits limits = new PortLimits(port::largestDatagramBytes, welcome);
    return Loopback.over(port, options, limits);
  }

  /** There and back, so that the scripted side receives as well. */
  private void exchange(int messages, int bytes) throws IOException {
    for (int i = 0; i < messages; i++) {
      sender.send(receiver.localAddress(), ByteBuffer.allocate(bytes).putInt(0, i));
      if (i % 10 == 9) {
        for (int j = i - 9; j <= i; j++) {
          receiver.send(sender.localAddress(), ByteBuffer.wrap(next(receiver, j).bytes()));
        }
        for (int j = i - 9; j <= i; j++) {
          assertEquals(bytes, next(sender, j).size());
        }
      }
    }
    assertNull(receiver.receive(Duration.ZERO), "nothing comes twice");
    assertNull(sender.receive(Duration.ZERO), "nothing comes twice");
  }

  private static Message next(MessageSocket at, int number) throws IOException {
    Message message = at.receive(GUARD);
    assertNotNull(message, "message " + number + " is lost");
    assertEquals(number, ByteBuffer.wrap(message.bytes()).getInt());
    return message;
  }

  private static long sum(Map<String, Long> counts) {
    return counts.values().stream().mapToLong(n -> n).sum();
  }

  /** What the system refused so far, and what the socket says of it. */
  private record Seen(Refused refused, SocketStatistics statistics) {
    /** The only errors on sending are of this kind, and so many. */
    void assertErrors(int errno, int datagrams) {
      assertEquals(Map.of(ScriptedPorts.words(errno), (long) datagrams), statistics.sendErrors());
    }
  }

  private record Refused(int calls, int datagrams, int alone, int receives) {}

  private Refused refused() {
    return new Refused(refusals.get(), refused.get(), refusedAlone.get(), failedReceives.get());
  }

  /** Looks between two calls that are refused, for the I/O thread goes on; it has not spun. */
  private Seen look() {
    int turns = waits.get() + receives.get();
    Refused before;
    SocketStatistics now;
    do {
      before = refused();
      now = sender.statistics();
    } while (!before.equals(refused()));
    long datagrams = now.datagramsSent() + now.datagramsReceived();
    assertTrue(
        turns <= TURNS_A_DATAGRAM * datagrams + IDLE_TURNS,
        turns + " waits and receives for " + datagrams + " datagrams");
    return new Seen(before, now);
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void fullSocketBuffersAndStormsOfEagainAreWaitedOut(Way way) throws Exception {
    // Of each sixteen calls only every fourth of the first eight finds room.
    openSender(
        way,
        (bytes, datagrams) -> {
          int n = sends.getAndIncrement() % 16;
          return n < 8 && n % 4 != 0 ? ScriptedPorts.EAGAIN : 0;
        });
    exchange(100, 100);
    exchange(20, LONG_MESSAGE_BYTES);
    Seen seen = look();
    assertTrue(seen.refused.calls > 30, "there was a storm");
    assertEquals(0, seen.statistics.sendErrorsTotal(), "no room is no error");
    assertEquals(seen.refused.calls, seen.statistics.sendsBlocked());
    assertTrue(waits.get() * 4 >= seen.refused.calls, seen.refused + ", " + waits + " waits");
  }

  /** An interface that is down, an address or a route that is gone, a firewall, a full queue. */
  @ParameterizedTest
  @EnumSource(Way.class)
  void fault29_whatIsRefusedIsALossThatIsMadeGood(Way way) throws Exception {
    AtomicBoolean isOpen = new AtomicBoolean();
    openSender(
        way,
        (bytes, datagrams) -> {
          int n = isOpen.get() ? sends.getAndIncrement() : 0;
          return n % 8 < 6 ? 0 : WEATHER.get(n / 8 % WEATHER.size());
        });
    exchange(10, 100);
    isOpen.set(true); // while a connection is being opened, the fast path would try again
    exchange(100, 100);
    exchange(30, LONG_MESSAGE_BYTES);
    Seen seen = look();
    Map<String, Long> counted = seen.statistics.sendErrors();
    Set<String> expected =
        WEATHER.stream().map(ScriptedPorts::words).collect(Collectors.toUnmodifiableSet());
    assertEquals(expected, counted.keySet(), seen.refused.toString());
    assertEquals(seen.refused.datagrams, sum(counted), counted.toString());
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void fault29_econnrefusedFromEarlierSendsIsCountedAndStopsNothing(Way way) throws Exception {
    openSender(
        way,
        (bytes, datagrams) ->
            receivingFails && sends.incrementAndGet() % 7 == 0 ? ScriptedPorts.ECONNREFUSED : 0);
    exchange(10, 100);
    receivingFails = true; // now that no connection is being opened, which would send again
    exchange(100, 100);
    Seen seen = look();
    assertTrue(seen.refused.calls > 5, "some were refused");
    seen.assertErrors(ScriptedPorts.ECONNREFUSED, seen.refused.datagrams);
    Map<String, Long> counted = seen.statistics.receiveErrors();
    assertEquals(seen.refused.receives, sum(counted), counted.toString());
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void emsgsizeAfterTheRouteChangedMakesPacketsSmallAgain(Way way) throws Exception {
    AtomicInteger mostBytes = new AtomicInteger(Integer.MAX_VALUE);
    openSender(way, (bytes, datagrams) -> bytes > mostBytes.get() ? ScriptedPorts.EMSGSIZE : 0);
    while (sender.connections().isEmpty() || sender.connections().get(0).datagramBytes() < 1_400) {
      exchange(10, LONG_MESSAGE_BYTES);
    }
    mostBytes.set(1_250);
    exchange(40, LONG_MESSAGE_BYTES);
    assertTrue(refusals.get() > 0, "the path got narrower");
    assertTrue(sender.connections().get(0).datagramBytes() <= 1_250);
    assertEachCounted(way);
  }

  /** Once; on the fast path it is tried with its mark and without. */
  private void assertEachCounted(Way way) {
    Seen seen = look();
    int tried = seen.refused.alone;
    int counted = (int) seen.statistics.sendErrorsTotal();
    seen.assertErrors(ScriptedPorts.EMSGSIZE, counted);
    assertTrue(
        way == Way.PORTABLE ? counted == tried : counted <= tried && counted >= tried / 2,
        counted + " of " + tried);
  }

  /**
   * As a forged "packet too big" of 68 bytes has it: the system refuses all but the smallest. That
   * is loss, not a size of the path: the connection lives, and asks for no less than every path
   * carries.
   */
  @ParameterizedTest
  @EnumSource(Way.class)
  void fault12_aLimitBelowWhatEveryPathCarriesIsLossAndNoSize(Way way) throws Exception {
    AtomicInteger stillToRefuse = new AtomicInteger();
    AtomicInteger longestAfter = new AtomicInteger();
    openSender(
        way,
        (bytes, datagrams) -> {
          if (bytes > FORGED_MOST_BYTES && stillToRefuse.getAndUpdate(n -> n - 1) > 0) {
            return ScriptedPorts.EMSGSIZE;
          }
          longestAfter.accumulateAndGet(bytes, Math::max);
          return 0;
        });
    while (sender.connections().isEmpty() || sender.connections().get(0).datagramBytes() < 1_400) {
      exchange(10, LONG_MESSAGE_BYTES);
    }
    long id = sender.connections().get(0).connection();
    stillToRefuse.set(FORGED_REFUSALS);
    longestAfter.set(0);
    exchange(40, LONG_MESSAGE_BYTES);
    assertTrue(refusals.get() >= FORGED_REFUSALS, refusals + " refused");
    ConnectionInfo now = sender.connections().get(0);
    assertEquals(id, now.connection(), "it is the same connection");
    assertTrue(now.datagramBytes() >= FLOOR_BYTES, now.datagramBytes() + " bytes");
    assertTrue(longestAfter.get() >= FLOOR_BYTES, longestAfter + " bytes was the longest");
    assertEachCounted(way);
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aReceiveBufferTooSmallForABatchLosesNoMessage(Way way) throws Exception {
    receiver.close();
    receiver = open(ScriptedPorts.withReceiveBuffer(way, ANY, 4_096));
    assertTrue(receiver.statistics().grantedReceiveBufferBytes() < LONG_MESSAGE_BYTES);
    sender = MessageSocket.builder().bind(ANY).open();
    exchange(20, LONG_MESSAGE_BYTES);
    for (int i = 0; i < 20; i++) { // a burst of what is twenty times the buffer
      sender.send(receiver.localAddress(), ByteBuffer.allocate(LONG_MESSAGE_BYTES).putInt(0, i));
    }
    for (int i = 0; i < 20; i++) {
      assertEquals(LONG_MESSAGE_BYTES, next(receiver, i).size());
    }
    SocketStatistics sent = sender.statistics();
    long lost = sent.packetsLost() - sent.packetsSpuriouslyLost();
    long counted = receiver.statistics().receiveOverflows();
    assertTrue(lost > 0, "all found room");
    long shown = SocketRows.of(receiver, true, null).get().get(0).receiveOverflows();
    assertTrue(shown >= counted, () -> shown + " in the table of sockets of " + counted);
    if (way == Way.LINUX) { // a run that came as one counts once
      assertTrue(counted > 0 && counted <= sent.datagramsSent(), counted + ", " + lost + " lost");
    } else {
      assertEquals(0, counted, "the portable port cannot know");
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void runsThatTheSystemWillNotSplitLeaveOneByOne(Way way) throws Exception {
    int[] errors = {ScriptedPorts.EINVAL, ScriptedPorts.EMSGSIZE, ScriptedPorts.EIO};
    openSender(
        way, (bytes, datagrams) -> datagrams > 1 ? errors[refusals.get() % errors.length] : 0);
    exchange(40, LONG_MESSAGE_BYTES);
    SocketStatistics seen = look().statistics;
    assertEquals(0, seen.sendErrorsTotal(), seen.sendErrors().toString());
    if (way == Way.LINUX) {
      // Three runs, each once more without its ECN mark.
      assertTrue(refusals.get() > 0 && refusals.get() <= 6, refusals + " refused runs");
      assertTrue(seen.ioPath().contains("without UDP_SEGMENT"), seen.ioPath());
    }
  }
}
