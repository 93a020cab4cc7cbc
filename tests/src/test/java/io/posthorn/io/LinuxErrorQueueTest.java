package io.posthorn.io;

import static io.posthorn.e2e.FreePorts.nobody;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import io.posthorn.Ipv6Loopback;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.wire.IcmpHint;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the kernel tells of ICMP: over loopback it answers each datagram to a port that nobody has,
 * before the call that sends it returns.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(60)
class LinuxErrorQueueTest {
  private static final long LITTLE_NANOS = 1_000_000;

  /** The error that a port unreachable is. */
  private static final String REFUSED = new LinuxCalls().errorText(ScriptedPorts.ECONNREFUSED);

  /** One of the messages heard. */
  private record Heard(InetSocketAddress of, IcmpHint hint) {}

  private final List<Heard> heard = new ArrayList<>();
  private final ByteBuffer slab = ByteBuffer.allocate(DatagramPort.SLAB_BYTES);
  private LinuxDatagramPort port;

  private void open(LinuxCalls calls, String host) throws IOException {
    Ipv6Loopback.assumeIfNeeded(host);
    port = LinuxDatagramPort.open(calls, new InetSocketAddress(host, 0), null, true);
  }

  private void open(String host) throws IOException {
    open(new LinuxCalls(), host);
  }

  @AfterEach
  void close() {
    if (port != null) {
      port.close();
    }
  }

  private void send(InetSocketAddress to, int... lengths) throws IOException {
    TransmitBatch batch = DatagramPortContractTest.batch(to, lengths);
    assertEquals(lengths.length, port.send(batch, 0, 0));
  }

  /** Takes what was heard; answers whether there may be more. */
  private boolean take() {
    return port.takeIcmp((of, hint) -> heard.add(new Heard(of, hint)));
  }

  private void assertNothingWaits() throws IOException {
    assertFalse(take());
    assertNull(port.receive(slab, 0));
    assertFalse(port.await(LITTLE_NANOS, false), "a wait that ends at once would be a busy loop");
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, 127.0.0.1",
    "0.0.0.0, 127.0.0.1",
    "::1, ::1",
    "::, ::1",
    "::, 127.0.0.1",
    "::, ::ffff:127.0.0.1"
  })
  void aPortThatNobodyHasIsToldByItsAddress(String bind, String host) throws IOException {
    Ipv6Loopback.assumeIfNeeded(bind, host);
    open(bind);
    InetSocketAddress nobody = nobody(host);
    port.hearIcmp(true);
    send(nobody, 3);
    assertTrue(port.await(Endpoint.NEVER, false));
    assertFalse(take());
    assertEquals(List.of(new Heard(nobody, IcmpHint.PORT_UNREACHABLE)), heard);
    assertEquals(Map.of(REFUSED, 1L), port.counters().receiveErrors());
    assertEquals(Map.of(), port.counters().sendErrors());
    assertNothingWaits();
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1", "::"})
  void whoeverDoesNotAskHearsNothing(String host) throws IOException {
    open(host);
    InetSocketAddress nobody = nobody(host.equals("::") ? "127.0.0.1" : host);
    send(nobody, 3);
    assertNothingWaits();
    port.hearIcmp(true);
    send(nobody, 3);
    port.hearIcmp(false);
    assertNothingWaits(); // and what was heard before goes
    send(nobody, 3);
    send(nobody, 3);
    assertNothingWaits();
    assertEquals(List.of(), heard);
    assertEquals(Map.of(), port.counters().receiveErrors());
    assertEquals(Map.of(), port.counters().sendErrors());
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1", "::"})
  void whatIsSentToOthersIsNotLostByIt(String host) throws IOException {
    open(host);
    String loopback = host.equals("::") ? "127.0.0.1" : host;
    InetSocketAddress nobody = nobody(loopback);
    try (DatagramSocket peer = new DatagramSocket(0, InetAddress.getByName(loopback))) {
      InetSocketAddress there = (InetSocketAddress) peer.getLocalSocketAddress();
      InetSocketAddress here = new InetSocketAddress(loopback, port.localAddress().getPort());
      port.hearIcmp(true);
      for (int i = 0; i < 20; i++) {
        send(nobody, 3);
        send(there, 400, 400, 7);
        send(nobody, 3, 3);
        send(here, 5);
        assertEquals(here, receive(), "what comes is not lost either");
        assertEquals(5, slab.remaining());
        if (i % 2 == 0) {
          assertFalse(take());
        }
      }
      byte[] bytes = new byte[500];
      DatagramPacket packet = new DatagramPacket(bytes, bytes.length);
      for (int i = 0; i < 20; i++) {
        for (int length : new int[] {400, 400, 7}) {
          peer.receive(packet);
          assertEquals(length, packet.getLength());
          packet.setLength(bytes.length);
        }
      }
    }
    take();
    assertEquals(40, heard.size(), "of a run the kernel says it once");
    assertEquals(Map.of(REFUSED, 40L), port.counters().receiveErrors());
    assertEquals(Map.of(), port.counters().sendErrors());
    assertTrue(port.description().contains("UDP_SEGMENT"), port.description());
    assertFalse(port.description().contains("without"), port.description());
    assertNothingWaits();
  }

  private InetSocketAddress receive() throws IOException {
    InetSocketAddress from = port.receive(slab, 0);
    while (from == null) {
      boolean unused = port.await(Endpoint.NEVER, false);
      from = port.receive(slab, 0);
    }
    return from;
  }

  @Test
  void manyAreTakenAFewAtATime() throws IOException {
    open("127.0.0.1");
    InetSocketAddress nobody = nobody("127.0.0.1");
    port.hearIcmp(true);
    for (int i = 0; i < 2 * LinuxErrorQueue.MOST_AT_ONCE + 1; i++) {
      send(nobody, 3);
    }
    assertTrue(take());
    assertTrue(take());
    assertFalse(take());
    assertEquals(2 * LinuxErrorQueue.MOST_AT_ONCE + 1, heard.size());
    assertNothingWaits();
  }

  /**
   * Just before chosen calls one more datagram of the same socket finds nobody, so that the call
   * fails for that as long as the socket listens.
   */
  private static final class FloodedCalls extends LinuxCalls {
    private static final int NAME_AT = MSGHDR_BYTES;
    private static final int VECTOR_AT = NAME_AT + 32;
    private static final int BYTES = VECTOR_AT + IOVEC_BYTES;

    private final Memory message = new Memory(BYTES);
    private int sendsLeft;
    private int receivesLeft;
    private int waits;
    private Runnable beforeWait = () -> {};

    void nobody(InetSocketAddress nobody) {
      message.clear();
      ByteBuffer all = message.getByteBuffer(0, BYTES).order(ByteOrder.nativeOrder());
      int nameBytes = new SocketAddresses(false).write(nobody, all, NAME_AT);
      message.setPointer(MSG_NAME_AT, message.share(NAME_AT));
      message.setInt(MSG_NAMELEN_AT, nameBytes);
      message.setPointer(MSG_IOV_AT, message.share(VECTOR_AT));
      message.setLong(MSG_IOVLEN_AT, 1);
      message.setPointer(VECTOR_AT, message);
      message.setLong(VECTOR_AT + IOV_LEN_AT, 1);
    }

    /** The first call may fail for what an earlier one met. */
    private void findNobody(int fd) {
      int calls = 0;
      while (super.send(fd, Pointer.nativeValue(message)) != 1) {
        assertTrue(++calls < 2, "an error that is no message's");
      }
    }

    @Override
    long send(int fd, long toSend) {
      if (sendsLeft-- > 0) {
        findNobody(fd);
      }
      return super.send(fd, toSend);
    }

    @Override
    long receive(int fd, long into) {
      if (receivesLeft-- > 0) {
        findNobody(fd);
      }
      return super.receive(fd, into);
    }

    @Override
    long awaitAndReceive(int fd, long into) {
      waits++;
      findNobody(fd);
      beforeWait.run();
      return super.awaitAndReceive(fd, into);
    }
  }

  private FloodedCalls openFlooded() throws IOException {
    FloodedCalls calls = new FloodedCalls();
    calls.nobody(nobody("127.0.0.1"));
    open(calls, "127.0.0.1");
    port.hearIcmp(true);
    return calls;
  }

  private void assertArrives(int... lengths) throws IOException {
    send(port.localAddress(), lengths);
    for (int length : lengths) {
      assertEquals(port.localAddress(), receive());
      assertEquals(length, slab.remaining());
    }
    assertNull(port.receive(slab, 0));
  }

  /** Where the call is made again in vain, it is made while nobody listens. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 100})
  void aFloodLosesNoDatagram(int messages) throws IOException {
    FloodedCalls calls = openFlooded();
    for (int[] lengths : new int[][] {{9}, {400, 400, 7}}) {
      calls.sendsLeft = messages;
      assertArrives(lengths);
    }
    assertEquals(Map.of(), port.counters().sendErrors());
    assertFalse(port.description().contains("without"), port.description());
    calls.sendsLeft = 0;
    take();
    heard.clear();
    send(nobody("127.0.0.1"), 1);
    take();
    assertEquals(1, heard.size(), "it listens still");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 15, 16, 40})
  void aFloodHoldsUpNothingThatComes(int messages) throws IOException {
    FloodedCalls calls = openFlooded();
    send(port.localAddress(), 9);
    calls.receivesLeft = messages;
    assertEquals(port.localAddress(), receive());
    assertEquals(9, slab.remaining());
    take();
    assertEquals(messages, heard.size());
    assertEquals(Map.of(REFUSED, (long) messages), port.counters().receiveErrors(), "each once");
    assertNothingWaits();
  }

  /** An error that no message explains is counted too, and hides none that comes later. */
  @Test
  void anErrorOfReceivingItselfIsCounted() throws IOException {
    boolean[] refuses = {true};
    open(new RefusingCalls(RefusingCalls.Call.RECEIVE, 101, () -> refuses[0]), "127.0.0.1");
    port.hearIcmp(true);
    assertNull(port.receive(slab, 0));
    long counted = port.counters().receiveErrors().values().iterator().next();
    refuses[0] = false;
    assertFalse(take());
    send(nobody("127.0.0.1"), 1);
    assertFalse(take());
    String unreachable = new LinuxCalls().errorText(101);
    assertEquals(Map.of(unreachable, counted, REFUSED, 1L), port.counters().receiveErrors());
  }

  /** What is wrong with a datagram is still said of it, and once. */
  @ParameterizedTest
  @ValueSource(ints = {1, 90, 101, 105, 113})
  void anErrorOfTheDatagramItselfIsCounted(int errno) throws IOException {
    int[] calls = {0};
    open(
        new RefusingCalls(
            RefusingCalls.Call.ANY_SEND,
            errno,
            () -> {
              calls[0]++;
              return true;
            }),
        "127.0.0.1");
    port.hearIcmp(true);
    send(port.localAddress(), 9);
    assertEquals(Map.of(new LinuxCalls().errorText(errno), 1L), port.counters().sendErrors());
    assertTrue(calls[0] <= 5, () -> calls[0] + " calls");
  }

  /** The wait inside recvmsg ends when a message comes. */
  @Test
  void aMessageEndsTheWaitInsideTheCall() throws IOException {
    FloodedCalls calls = openFlooded();
    meetADatagram();
    assertTrue(port.await(Endpoint.NEVER, false));
    assertEquals(1, calls.waits);
    assertFalse(take());
    assertEquals(1, heard.size());
    assertEquals(Map.of(REFUSED, 1L), port.counters().receiveErrors(), "once");
    assertNothingWaits();
  }

  /** The datagram that wakes may meet the error of another one. */
  @Test
  void aWakeUpIsNotLostNorGivenUp() throws IOException {
    FloodedCalls calls = openFlooded();
    calls.beforeWait = port::wakeup;
    for (int i = 1; i <= 3; i++) {
      meetADatagram();
      assertTrue(port.await(Endpoint.NEVER, false));
      assertEquals(i, calls.waits, "it waits as before");
      assertNull(port.receive(slab, 0));
      take();
    }
  }

  /** A flood keeps the datagram back that wakes: the wait ends by itself, and is not the last. */
  @Test
  void aWakeUpThatAFloodKeepsBackIsNotLostEither() throws IOException {
    FloodedCalls calls = openFlooded();
    calls.beforeWait =
        () -> {
          calls.sendsLeft = 2;
          port.wakeup();
        };
    for (int i = 1; i <= 3; i++) {
      meetADatagram();
      assertFalse(port.await(Endpoint.NEVER, false));
      assertEquals(i, calls.waits, "it waits as before");
      take();
      assertTrue(port.await(Endpoint.NEVER, false), "somebody woke it");
    }
  }

  /** One datagram that a poll found: from then on they come soon. */
  private void meetADatagram() throws IOException {
    while (port.await(0, false)) {
      take();
      assertNull(port.receive(slab, 0));
    }
    send(port.localAddress(), 5);
    assertTrue(port.await(Endpoint.NEVER, false));
    assertEquals(port.localAddress(), port.receive(slab, 0));
    assertNull(port.receive(slab, 0));
  }

  // What the kernel would have to be broken for.

  /** Answers one entry of the queue that the test writes. */
  private static final class MadeUpEntry extends LinuxCalls {
    private static final int CONTROL_BYTES = 512;

    private final byte[] control = new byte[CONTROL_BYTES];
    private final ByteBuffer out = ByteBuffer.wrap(control).order(ByteOrder.nativeOrder());
    private long controlBytes;
    private int nameBytes = SocketAddresses.INET_BYTES;
    private short family = AF_INET;
    private boolean told;

    /** Appends a control message that says that it is so long. */
    MadeUpEntry add(long length, int level, int type, int... data) {
      int at = (out.position() + 7) & -8;
      out.position(at);
      out.putLong(length).putInt(level).putInt(type);
      for (int word : data) {
        out.putInt(word);
      }
      controlBytes = out.position();
      return this;
    }

    /** Appends what the kernel says: errno, where it comes from, and three numbers more. */
    MadeUpEntry addError(int origin, int type, int code) {
      return add(32, SOL_IP, IP_RECVERR, 111, origin | type << 8 | code << 16, 0, 0);
    }

    @Override
    long receiveError(int fd, long message) {
      if (told) {
        return super.receiveError(fd, message);
      }
      told = true;
      Pointer header = new Pointer(message);
      assertEquals(CONTROL_BYTES, header.getLong(MSG_CONTROLLEN_AT));
      header.getPointer(MSG_CONTROL_AT).write(0, control, 0, CONTROL_BYTES);
      header.setLong(MSG_CONTROLLEN_AT, controlBytes);
      Pointer name = header.getPointer(MSG_NAME_AT);
      name.setShort(0, family);
      name.setShort(2, (short) 0x0100); // port 1
      name.setInt(4, 0x0100007f);
      header.setInt(MSG_NAMELEN_AT, nameBytes);
      return 0;
    }
  }

  private Map<String, Long> errorsAfter(MadeUpEntry entry) throws IOException {
    open(entry, "127.0.0.1");
    port.hearIcmp(true);
    assertFalse(take());
    assertTrue(entry.told);
    return port.counters().receiveErrors();
  }

  @Test
  void theEntryIsFoundBehindOtherControlMessages() throws IOException {
    MadeUpEntry entry = new MadeUpEntry().add(28, 0, LinuxCalls.IP_PKTINFO, 1, 2, 3);
    entry.add(17, 0, LinuxCalls.IP_TOS, 1).addError(LinuxCalls.EE_ORIGIN_ICMP, 3, 13);
    assertEquals(Map.of(REFUSED, 1L), errorsAfter(entry));
    InetSocketAddress of = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    assertEquals(List.of(new Heard(of, IcmpHint.PROHIBITED)), heard);
  }

  @Test
  void whatSaysNothingOfTheWayIsCountedAndNotTold() throws IOException {
    MadeUpEntry entry = new MadeUpEntry().addError(LinuxCalls.EE_ORIGIN_ICMP, 11, 0);
    assertEquals(Map.of(REFUSED, 1L), errorsAfter(entry));
    assertEquals(List.of(), heard);
  }

  @Test
  void aMessageAboutNobodyKnownIsCountedAndNotTold() throws IOException {
    for (int bytes : new int[] {0, 8, SocketAddresses.MAX_BYTES}) {
      MadeUpEntry entry = new MadeUpEntry().addError(LinuxCalls.EE_ORIGIN_ICMP, 3, 3);
      entry.nameBytes = bytes;
      assertEquals(Map.of(REFUSED, 1L), errorsAfter(entry));
      port.close();
    }
    MadeUpEntry entry = new MadeUpEntry().addError(LinuxCalls.EE_ORIGIN_ICMP, 3, 3);
    entry.family = 0;
    assertEquals(Map.of(REFUSED, 1L), errorsAfter(entry));
    assertEquals(List.of(), heard);
  }

  /** 1: the call that was too long has failed itself; the others are of timestamps and the like. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4, 5, 255})
  void whatIsNoIcmpMessageIsPassedOver(int origin) throws IOException {
    assertEquals(Map.of(), errorsAfter(new MadeUpEntry().addError(origin, 3, 3)));
    assertEquals(List.of(), heard);
  }

  @ParameterizedTest
  @ValueSource(
      longs = {Long.MIN_VALUE, -1, 0, 1, 15, 16, 31, 33, 1L << 31, (1L << 32) + 32, Long.MAX_VALUE})
  void anEntryOfAnyOtherLengthIsNonsense(long length) throws IOException {
    int origin = LinuxCalls.EE_ORIGIN_ICMP;
    int[] data = {111, origin | 3 << 8 | 3 << 16, 0, 0};
    MadeUpEntry entry =
        new MadeUpEntry().add(length, LinuxCalls.SOL_IP, LinuxCalls.IP_RECVERR, data);
    assertEquals(Map.of(LinuxErrorQueue.NONSENSE, 1L), errorsAfter(entry));
    assertEquals(List.of(), heard);
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MIN_VALUE, -1, 0, 15, 16, 31})
  void anEntryThatIsCutIsNonsense(long controlBytes) throws IOException {
    MadeUpEntry entry = new MadeUpEntry().addError(LinuxCalls.EE_ORIGIN_ICMP, 3, 3);
    entry.controlBytes = controlBytes;
    assertEquals(Map.of(LinuxErrorQueue.NONSENSE, 1L), errorsAfter(entry));
    assertEquals(List.of(), heard);
  }

  @Test
  void whateverStandsThereIsReadWithinItsBounds() throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 300; i++) {
      MadeUpEntry entry = new MadeUpEntry();
      while (random.nextInt(4) > 0 && entry.out.remaining() >= 64) {
        int level = random.nextBoolean() ? LinuxCalls.SOL_IP : LinuxCalls.SOL_IPV6;
        int type = random.nextBoolean() ? LinuxCalls.IP_RECVERR : LinuxCalls.IPV6_RECVERR;
        entry.add(random.nextInt(12, 48), level, type, random.ints(6).toArray());
      }
      entry.controlBytes = random.nextBoolean() ? 512 : random.nextLong(-8, 1024);
      assertTrue(errorsAfter(entry).size() <= 1);
      port.close();
    }
  }

  @Test
  void closedPortTellsNothing() throws IOException {
    open("127.0.0.1");
    port.hearIcmp(true);
    send(nobody("127.0.0.1"), 3);
    port.close();
    assertFalse(take());
    port.hearIcmp(false);
    port.hearIcmp(true);
    assertEquals(List.of(), heard);
  }
}
