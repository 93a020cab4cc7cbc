package io.posthorn.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Pointer;
import io.posthorn.EcnMark;
import io.posthorn.Ipv6Loopback;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.io.RefusingCalls.Call;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.DatagramChannel;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@EnabledOnOs(OS.LINUX)
class LinuxDatagramPortTest extends DatagramPortContractTest {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  @Override
  DatagramPort open(InetSocketAddress bind, @Nullable ProtocolFamily family) throws Exception {
    return LinuxDatagramPort.open(new LinuxCalls(), bind, family, true);
  }

  @Override
  ScriptedPorts.Way way() {
    return ScriptedPorts.Way.LINUX;
  }

  private void reopen(LinuxCalls calls) throws Exception {
    port.close();
    port = LinuxDatagramPort.open(calls, ANY, null, true);
  }

  private void assertRunArrives(int... lengths) throws Exception {
    TransmitBatch batch = batch(port.localAddress(), lengths);
    for (int i = 0; i < batch.lengthBytes(); i++) {
      batch.bytes()[i] = (byte) (i * 31);
    }
    assertEquals(lengths.length, port.send(batch, 0, 0));
    for (int i = 0; i < lengths.length; i++) {
      assertEquals(port.localAddress(), awaitDatagram(port));
      assertEquals(batch.segment(i), slab);
    }
  }

  @Test
  void saysWhichWayItTakes() {
    assertTrue(port.description().contains("UDP_SEGMENT"), port.description());
    assertFalse(port.description().contains("without"), port.description());
  }

  @Test
  void senderSeenBeforeIsTheSameObject() throws Exception {
    assertRunArrives(5);
    port.send(batch(port.localAddress(), 5), 0, 0);
    InetSocketAddress first = awaitDatagram(port);
    port.send(batch(port.localAddress(), 5), 0, 0);
    assertSame(first, awaitDatagram(port));
  }

  @Test
  void manySendersAreToldApart() throws Exception {
    for (int i = 0; i < 300; i++) {
      try (DatagramChannel sender = DatagramChannel.open().bind(ANY)) {
        sender.send(ByteBuffer.allocate(3), port.localAddress());
        assertEquals(sender.getLocalAddress(), awaitDatagram(port));
      }
    }
  }

  /** Two bits of eight, whatever the others hold, which routers write as they like. */
  @ParameterizedTest
  @CsvSource({
    "127.0.0.1,0,NOT_ECT",
    "127.0.0.1,1,ECT_1",
    "127.0.0.1,2,ECT_0",
    "127.0.0.1,3,CE",
    "127.0.0.1,32,NOT_ECT",
    "127.0.0.1,185,ECT_1",
    "127.0.0.1,254,ECT_0",
    "127.0.0.1,187,CE",
    "::1,2,ECT_0",
    "::1,184,NOT_ECT",
    "::1,187,CE"
  })
  void fault16_ecnFieldIsReported(String host, int trafficClass, EcnMark mark) throws Exception {
    Ipv6Loopback.assumeIfNeeded(host);
    InetSocketAddress loopback = new InetSocketAddress(host, 0);
    for (InetSocketAddress bind : List.of(loopback, new InetSocketAddress(0))) {
      try (DatagramChannel sender = DatagramChannel.open().bind(loopback);
          AutoCloseablePort closing = new AutoCloseablePort(open(bind))) {
        sender.setOption(StandardSocketOptions.IP_TOS, trafficClass);
        InetSocketAddress to =
            new InetSocketAddress(loopback.getAddress(), closing.port().localAddress().getPort());
        sender.send(ByteBuffer.allocate(3), to);
        awaitDatagram(closing.port());
        assertEquals(mark, closing.port().ecn());
      }
    }
  }

  @Test
  void ecnFieldIsSetForRunsAndSinglesOfEitherFamily() throws Exception {
    Ipv6Loopback.assumeThere();
    byte[] one = new byte[16];
    one[15] = 1;
    InetAddress ipv6 = InetAddress.getByAddress(one);
    for (InetAddress host : List.of(ANY.getAddress(), ipv6)) {
      try (AutoCloseablePort receiver =
          new AutoCloseablePort(open(new InetSocketAddress(host, 0)))) {
        InetSocketAddress to = receiver.port().localAddress();
        for (InetSocketAddress bind :
            List.of(new InetSocketAddress(host, 0), new InetSocketAddress(0))) {
          try (AutoCloseablePort sender = new AutoCloseablePort(open(bind))) {
            for (int[] lengths : new int[][] {{300, 300, 7}, {40}}) {
              for (EcnMark mark : List.of(EcnMark.ECT_0, EcnMark.CE, EcnMark.NOT_ECT)) {
                TransmitBatch batch = batch(to, lengths);
                batch.mark(mark);
                assertEquals(lengths.length, sender.port().send(batch, 0, 0));
                for (int length : lengths) {
                  awaitDatagram(receiver.port());
                  assertEquals(length, slab.remaining());
                  assertEquals(mark, receiver.port().ecn(), host + " from " + bind);
                }
              }
            }
          }
        }
      }
    }
  }

  @Test
  void systemThatDoesNotLetMarksBeSetSendsUnmarked() throws Exception {
    int[] sends = {0};
    reopen(new RefusingCalls(Call.ANY_SEND, LinuxCalls.EINVAL, () -> sends[0]++ == 0));
    for (int i = 0; i < 2; i++) {
      TransmitBatch batch = batch(port.localAddress(), 40);
      batch.mark(EcnMark.ECT_0);
      assertEquals(1, port.send(batch, 0, 0));
      awaitDatagram(port);
      assertEquals(EcnMark.NOT_ECT, port.ecn());
    }
    assertEquals(3, sends[0], "the refused one, the same without a mark, and the next without");
    assertTrue(port.counters().sendErrors().isEmpty());
  }

  @ParameterizedTest
  @CsvSource({
    "SOCKET,1",
    "SOCKET,38",
    "SEGMENT_OPTION,92",
    "SEGMENT_OPTION,1",
    "EVENT,38",
    "EVENT,1"
  })
  void whatIsMissingAtTheStartLeadsToThePortablePort(Call call, int errno) throws Exception {
    RefusingCalls calls = new RefusingCalls(call, errno, () -> true);
    port.close();
    port = PortChoice.open(calls, ANY, null, true);
    assertInstanceOf(NioDatagramPort.class, port);
    assertTrue(port.description().contains(calls.errorText(errno)), port.description());
    assertRunArrives(10, 10, 4);
    assertFalse(FastPath.selfTest(calls).isEmpty());
  }

  @ParameterizedTest
  @CsvSource({"POLL,1", "POLL,38", "EVENT_WRITE,1", "EVENT_READ,1", "ANY_SEND,1", "RECEIVE,1"})
  void whatIsMissingWhereverItIsNeededIsFoundByTheSelfTest(Call call, int errno) throws Exception {
    assertFalse(FastPath.selfTest(new RefusingCalls(call, errno, () -> true)).isEmpty());
  }

  @ParameterizedTest
  @ValueSource(ints = {LinuxCalls.EPERM, LinuxCalls.ENOSYS})
  void refusedWaitIsAnErrorAndNoSpin(int errno) throws Exception {
    RefusingCalls calls = new RefusingCalls(Call.POLL, errno, () -> true);
    reopen(calls);
    IOException e = assertThrows(IOException.class, () -> port.await(Endpoint.NEVER, false));
    assertTrue(e.getMessage().contains(calls.errorText(errno)), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {LinuxCalls.EINTR, LinuxCalls.EAGAIN})
  void interruptedWaitIsNoError(int errno) throws Exception {
    int[] asked = {0};
    reopen(new RefusingCalls(Call.POLL, errno, () -> asked[0]++ == 0));
    assertFalse(port.await(Endpoint.NEVER, false));
    port.wakeup();
    assertTrue(port.await(Endpoint.NEVER, false));
  }

  @ParameterizedTest
  @CsvSource({"SOCKET,24", "SOCKET,23", "EVENT,24"})
  void withoutDescriptorsThePortablePortIsNotTriedEither(Call call, int errno) {
    RefusingCalls calls = new RefusingCalls(call, errno, () -> true);
    SocketException e =
        assertThrows(SocketException.class, () -> PortChoice.open(calls, ANY, null, true));
    assertTrue(e.getMessage().contains("ulimit -n"), e.getMessage());
  }

  @Test
  void portableCanBeAskedFor() throws Exception {
    port.close();
    port = PortChoice.open(ANY, null, true, true);
    assertInstanceOf(NioDatagramPort.class, port);
    port.close();
    port = PortChoice.open(ANY, null, false, true);
    assertInstanceOf(LinuxDatagramPort.class, port, port.description());
  }

  @Test
  void kernelWithoutGroReceivesOneByOne() throws Exception {
    reopen(new RefusingCalls(Call.GRO_OPTION, LinuxCalls.ENOPROTOOPT, () -> true));
    assertTrue(port.description().contains("without UDP_GRO"), port.description());
    assertRunArrives(100, 100, 100, 3);
  }

  @ParameterizedTest
  @ValueSource(
      ints = {LinuxCalls.EIO, LinuxCalls.EOPNOTSUPP, LinuxCalls.ENOSYS, LinuxCalls.ENOPROTOOPT})
  void deviceWithoutOffloadGetsEachDatagramForItself(int errno) throws Exception {
    RefusingCalls calls = new RefusingCalls(Call.RUN, errno, () -> true);
    reopen(calls);
    assertRunArrives(100, 100, 3);
    assertRunArrives(100, 100, 3);
    assertEquals(1, calls.refusals, "it is not asked again");
    assertTrue(port.description().contains("without UDP_SEGMENT"), port.description());
    assertEquals(Map.of(), port.counters().sendErrors());
    assertTrue(FastPath.selfTest(new RefusingCalls(Call.RUN, errno, () -> true)).isEmpty());
  }

  @ParameterizedTest
  @ValueSource(ints = {LinuxCalls.EINVAL, LinuxCalls.EMSGSIZE})
  void oneRefusedRunIsNoReasonToGiveUpRuns(int errno) throws Exception {
    int[] asked = {0};
    reopen(new RefusingCalls(Call.RUN, errno, () -> asked[0]++ % 2 == 0));
    for (int i = 0; i < 6; i++) {
      assertRunArrives(100, 100, 3);
    }
    assertEquals(6, asked[0]);
    assertFalse(port.description().contains("without"), port.description());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 599, 1_199})
  void groBatchWhoseLastSegmentIsShortIsTakenApart(int last) throws Exception {
    int[] runs = {0};
    reopen(
        new LinuxCalls() {
          @Override
          long receive(int fd, long message) {
            long bytes = super.receive(fd, message);
            runs[0] += bytes >= 0 ? 1 : 0;
            return bytes;
          }
        });
    int[] lengths = new int[30];
    Arrays.fill(lengths, 1_200);
    lengths[29] = last;
    assertRunArrives(lengths);
    assertEquals(1, runs[0], "it came in one call");
    assertRunArrives(1_200, last);
    assertEquals(2, runs[0]);
    assertNull(port.receive(slab, 0));
  }

  @Test
  void gsoBatchSplitByANarrowerPathCountsWhatIsTooLongAndKeepsRuns() throws Exception {
    AtomicInteger waits = new AtomicInteger();
    port.close();
    port =
        ScriptedPorts.open(
            ScriptedPorts.Way.LINUX,
            ANY,
            new ScriptedPorts.Script() {
              @Override
              public int onSend(int bytes, int datagrams) {
                return bytes > 1_280 ? LinuxCalls.EMSGSIZE : 0;
              }
            },
            waits);
    for (int i = 0; i < 6; i++) {
      assertEquals(4, port.send(batch(port.localAddress(), 1_400, 1_400, 1_400, 90), 0, 0));
      awaitDatagram(port);
      assertEquals(90, slab.remaining(), "the rest of the run leaves");
      assertNull(port.receive(slab, 0));
    }
    String words = new LinuxCalls().errorText(LinuxCalls.EMSGSIZE);
    assertEquals(Map.of(words, 18L), port.counters().sendErrors());
    assertFalse(port.description().contains("without"), port.description());
    assertRunArrives(1_200, 1_200, 7);
  }

  @ParameterizedTest
  @CsvSource({"1000,2", "800,1", "400,0", "399,0", "1200,3"})
  void batchLongerThanTheReceiveBufferLosesItsCutDatagramAndCountsIt(int room, int whole)
      throws Exception {
    reopen(
        new LinuxCalls() {
          @Override
          long receive(int fd, long message) {
            new Pointer(message).getPointer(MSG_IOV_AT).setLong(IOV_LEN_AT, room);
            return super.receive(fd, message);
          }
        });
    TransmitBatch batch = batch(port.localAddress(), 400, 400, 400);
    for (int i = 0; i < 2; i++) {
      assertEquals(3, port.send(batch, 0, 0));
      for (int j = 0; j < whole; j++) {
        awaitDatagram(port);
        assertEquals(batch.segment(j), slab);
      }
      port.await(0, false);
      assertNull(port.receive(slab, 0));
    }
    Map<String, Long> cut = whole == 3 ? Map.of() : Map.of("longer than the buffer", 2L);
    assertEquals(cut, port.counters().receiveErrors());
  }

  @Test
  void whatTheSystemDropsForWantOfRoomIsCountedWithTheNextThatComes() throws Exception {
    port.close();
    port = ScriptedPorts.withReceiveBuffer(ScriptedPorts.Way.LINUX, ANY, 4_096);
    assertRunArrives(5);
    assertEquals(0, port.counters().receiveOverflows());
    int overflows = 0;
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 50; i++) {
        assertEquals(1, port.send(batch(port.localAddress(), 1_000), 0, 0));
      }
      overflows += 50;
      while (port.receive(slab, 0) != null) {
        overflows--;
      }
      assertRunArrives(5);
      assertEquals(overflows, port.counters().receiveOverflows());
      assertTrue(overflows > 0, "all found room");
    }
  }

  @Test
  void refusalToTellWhatIsDroppedIsNoHarm() throws Exception {
    int[] refusals = {0};
    reopen(
        new LinuxCalls() {
          @Override
          int setOption(int fd, int level, int option, long value, int valueBytes) {
            boolean refused = level == SOL_SOCKET && option == SO_RXQ_OVFL;
            refusals[0] += refused ? 1 : 0;
            return refused ? -1 : super.setOption(fd, level, option, value, valueBytes);
          }
        });
    assertRunArrives(10, 10, 4);
    assertEquals(1, refusals[0]);
    assertFalse(port.description().contains("without"), port.description());
  }

  @Test
  void runsThatAreAlwaysRefusedAreGivenUp() throws Exception {
    RefusingCalls calls = new RefusingCalls(Call.RUN, LinuxCalls.EINVAL, () -> true);
    reopen(calls);
    for (int i = 0; i < 6; i++) {
      assertRunArrives(100, 100, 3);
    }
    assertEquals(3, calls.refusals);
  }

  /** As where they are longer than the path's MTU, so that they are cut up one by one. */
  @ParameterizedTest
  @ValueSource(ints = {LinuxCalls.EINVAL, LinuxCalls.EMSGSIZE})
  void runsThatAreTooLongForAPathTurnNoOthersOff(int errno) throws Exception {
    boolean[] isTooLong = {false};
    int[] tried = {0};
    reopen(
        new RefusingCalls(
            Call.RUN,
            errno,
            () -> {
              tried[0]++;
              return isTooLong[0];
            }));
    isTooLong[0] = true;
    for (int i = 0; i < 6; i++) {
      assertRunArrives(2_000, 2_000, 3);
    }
    isTooLong[0] = false;
    for (int i = 0; i < 6; i++) {
      assertRunArrives(1_999, 1_999, 3);
    }
    assertEquals(3 + 6, tried[0], "those of 2,000 three times");
    assertFalse(port.description().contains("without"), port.description());
    InetSocketAddress local = port.localAddress();
    InetSocketAddress another = new InetSocketAddress(local.getAddress(), local.getPort());
    assertEquals(2, port.send(batch(another, 2_000, 2_000), 0, 0));
    assertEquals(3 + 6 + 1, tried[0], "another peer's path may be wider");
  }

  @Test
  void unreachablePeerDoesNotTurnRunsOff() throws Exception {
    InetSocketAddress outside = new InetSocketAddress(InetAddress.getByName("192.0.2.1"), 9);
    for (int i = 0; i < 6; i++) {
      assertEquals(2, port.send(batch(outside, 10, 10), 0, 0));
    }
    assertFalse(port.description().contains("without"), port.description());
  }

  /**
   * FAULTS 29: EPERM, EADDRNOTAVAIL, ENETDOWN, ENETUNREACH, ENOBUFS, ECONNREFUSED, EHOSTUNREACH.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 99, 100, 101, 105, 111, 113})
  void weatherOnSendingCountsEachDatagramAndTheRestGoesOn(int errno) throws Exception {
    int[] asked = {0};
    reopen(new RefusingCalls(Call.ANY_SEND, errno, () -> asked[0]++ == 0));
    assertEquals(3, port.send(batch(port.localAddress(), 10, 10, 4), 0, 0));
    assertEquals(Map.of(new LinuxCalls().errorText(errno), 3L), port.counters().sendErrors());
    assertRunArrives(10, 10, 4);
  }

  @Test
  void interruptedCallIsMadeAgain() throws Exception {
    int[] asked = {0};
    reopen(new RefusingCalls(Call.ANY_SEND, LinuxCalls.EINTR, () -> asked[0]++ < 3));
    assertRunArrives(10, 10, 4);
    int[] received = {0};
    reopen(new RefusingCalls(Call.RECEIVE, LinuxCalls.EINTR, () -> received[0]++ < 3));
    assertRunArrives(10, 10, 4);
    assertEquals(Map.of(), port.counters().receiveErrors());
  }

  @Test
  void longDatagramIsLostWhereItMayNotBeCutUp() throws Exception {
    LinuxDatagramPort plain = LinuxDatagramPort.open(new LinuxCalls(), ANY, null, false);
    try {
      assertTrue(((LinuxDatagramPort) port).setsDontFragment());
      assertFalse(plain.setsDontFragment());
      plain.send(batch(port.localAddress(), 65_507), 0, 0);
      assertEquals(plain.localAddress(), awaitDatagram(port));
      assertEquals(65_507, slab.remaining());
    } finally {
      plain.close();
    }
  }

  /** What ICMP, forged or true, made the system believe of a path decides nothing (linux/in.h). */
  @Test
  void fault12_theSystemsBeliefAboutAPathIsIgnored() throws Exception {
    Ipv6Loopback.assumeThere();
    OpenedSockets calls = new OpenedSockets();
    reopen(calls);
    assertEquals(
        LinuxCalls.PMTUDISC_PROBE, calls.option(LinuxCalls.SOL_IP, LinuxCalls.IP_MTU_DISCOVER));
    byte[] one = new byte[16];
    one[15] = 1;
    InetAddress ipv6 = InetAddress.getByAddress(one);
    for (InetSocketAddress bind :
        List.of(new InetSocketAddress(ipv6, 0), new InetSocketAddress(0))) {
      OpenedSockets own = new OpenedSockets();
      try (AutoCloseablePort closing =
          new AutoCloseablePort(LinuxDatagramPort.open(own, bind, null, true))) {
        assertTrue(((LinuxDatagramPort) closing.port()).setsDontFragment());
        assertEquals(
            LinuxCalls.PMTUDISC_PROBE,
            own.option(LinuxCalls.SOL_IPV6, LinuxCalls.IPV6_MTU_DISCOVER));
        assertEquals(
            LinuxCalls.PMTUDISC_PROBE, own.option(LinuxCalls.SOL_IP, LinuxCalls.IP_MTU_DISCOVER));
      }
    }
  }

  /** Remembers the socket that was opened first, to ask the system about it. */
  private static final class OpenedSockets extends LinuxCalls {
    private final ByteBuffer asked =
        ByteBuffer.allocateDirect(2 * Integer.BYTES).order(ByteOrder.nativeOrder());
    private int first = -1;

    @Override
    int openDatagramSocket(int domain) {
      int socket = super.openDatagramSocket(domain);
      first = first < 0 ? socket : first;
      return socket;
    }

    int option(int level, int option) {
      long at = addressOf(asked);
      asked.putInt(Integer.BYTES, Integer.BYTES);
      assertEquals(0, getOption(first, level, option, at, at + Integer.BYTES));
      return asked.getInt(0);
    }
  }

  @Test
  void waitEndsInTimeThatIsFinerThanAMillisecond() throws Exception {
    port.await(50_000, false);
    assertNull(port.receive(slab, 0));
    port.await(0, true);
    assertNull(port.receive(slab, 0));
  }

  @Test
  void runThatIsPartlyTakenDoesNotWait() throws Exception {
    int[] lengths = new int[5];
    Arrays.fill(lengths, 50);
    port.send(batch(port.localAddress(), lengths), 0, 0);
    awaitDatagram(port);
    for (int i = 1; i < 5; i++) {
      port.await(Endpoint.NEVER, false);
      assertEquals(port.localAddress(), port.receive(slab, 0));
    }
    assertNull(port.receive(slab, 0));
  }
}
