package io.posthorn.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Ipv6Loopback;
import io.posthorn.endpoint.SocketChoice;
import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.wire.BigEndian;
import io.posthorn.wire.PacketHeader;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The kernel chooses among the sockets of one port what Java says that it does. */
@EnabledOnOs(OS.LINUX)
class PortSteeringTest {
  private static final int SENDERS = 40;
  private static final InetSocketAddress LOOPBACK =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private final ByteBuffer slab = ByteBuffer.allocate(DatagramPort.SLAB_BYTES);
  private final SplittableRandom random = new SplittableRandom(4);

  private static void close(List<? extends DatagramPort> ports) throws Exception {
    for (DatagramPort port : ports) {
      port.close();
    }
  }

  /** The one port that got a datagram, which is there at once on loopback. */
  private int whoGot(List<? extends DatagramPort> ports, ByteBuffer sent) throws Exception {
    int found = -1;
    for (int i = 0; i < ports.size(); i++) {
      if (ports.get(i).receive(slab, 0) != null) {
        assertEquals(-1, found, "one datagram came to two ports");
        assertEquals(sent.clear(), slab);
        found = i;
      }
    }
    return found;
  }

  private ByteBuffer packet(int firstByte, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    bytes[0] = (byte) firstByte;
    return ByteBuffer.wrap(bytes);
  }

  private static int expected(ByteBuffer packet, InetSocketAddress from, int count) {
    int first = packet.get(0) & 0xff;
    int kind = PacketHeader.kind(first);
    boolean named =
        kind == PacketHeader.SECOND_MESSAGE
            || kind == PacketHeader.THIRD_MESSAGE
            || kind == PacketHeader.DATA;
    if (!named) {
      return SocketChoice.ofAddress(from, count);
    }
    long id = packet.getLong(PacketHeader.CONNECTION_ID_AT);
    for (int i = 0; i < count; i++) {
      if (new SocketChoice(i, count).isOwn(id)) {
        return i;
      }
    }
    throw new AssertionError("an id that is nobody's");
  }

  @ParameterizedTest
  @CsvSource({"2,127.0.0.1", "3,::", "5,::1", "64,127.0.0.1"})
  void packetsGoByConnectionIdAndTheOthersByAddress(int count, String host) throws Exception {
    Ipv6Loopback.assumeIfNeeded(host);
    InetSocketAddress bind = new InetSocketAddress(host, 0);
    List<? extends DatagramPort> ports =
        PortChoice.openGroup(new LinuxCalls(), bind, null, true, count, true);
    try {
      assertEquals(count, ports.size(), ports.get(0).description());
      int number = ports.get(0).localAddress().getPort();
      boolean isIpv4 = host.startsWith("127");
      for (int i = 0; i < SENDERS; i++) {
        String from = isIpv4 || (host.equals("::") && i % 2 == 0) ? "127.0.0.1" : "::1";
        InetSocketAddress here = new InetSocketAddress(from, 0);
        try (DatagramChannel sender = DatagramChannel.open().bind(here)) {
          InetSocketAddress at = (InetSocketAddress) sender.getLocalAddress();
          for (int first = 0; first < 20; first++) {
            ByteBuffer packet = packet(first, first == 4 ? 1_200 : 9 + random.nextInt(100));
            sender.send(packet, new InetSocketAddress(from, number));
            assertEquals(expected(packet, at, count), whoGot(ports, packet), "first byte " + first);
          }
        }
      }
    } finally {
      close(ports);
    }
  }

  @Test
  void withoutConnectionsAllGoByAddress() throws Exception {
    List<? extends DatagramPort> ports =
        PortChoice.openGroup(new LinuxCalls(), LOOPBACK, null, false, 3, false);
    try {
      int[] got = new int[3];
      for (int i = 0; i < SENDERS; i++) {
        try (DatagramChannel sender = DatagramChannel.open().bind(LOOPBACK)) {
          InetSocketAddress at = (InetSocketAddress) sender.getLocalAddress();
          for (int first = 0; first < 20; first++) {
            ByteBuffer packet = packet(first, 1 + random.nextInt(50));
            sender.send(packet, ports.get(0).localAddress());
            int who = whoGot(ports, packet);
            assertEquals(SocketChoice.ofAddress(at, 3), who);
            got[who]++;
          }
        }
      }
      assertTrue(got[0] > 0 && got[1] > 0 && got[2] > 0, "addresses spread over the ports");
    } finally {
      close(ports);
    }
  }

  @Test
  void runsAreSteeredAsOne() throws Exception {
    List<? extends DatagramPort> ports =
        PortChoice.openGroup(new LinuxCalls(), LOOPBACK, null, true, 4, true);
    LinuxDatagramPort sender = LinuxDatagramPort.open(new LinuxCalls(), LOOPBACK, null, true);
    try {
      for (int i = 0; i < SENDERS; i++) {
        TransmitBatch batch =
            DatagramPortContractTest.batch(ports.get(0).localAddress(), 300, 300, 300, 20);
        long id = random.nextLong();
        for (int at = 0; at < batch.lengthBytes(); at += 300) {
          batch.bytes()[at] = PacketHeader.DATA;
          BigEndian.putLong(batch.bytes(), at + PacketHeader.CONNECTION_ID_AT, id);
        }
        assertEquals(4, sender.send(batch, 0, 0));
        int owner = Integer.remainderUnsigned((int) id, 4);
        for (int segment = 0; segment < 4; segment++) {
          assertEquals(sender.localAddress(), ports.get(owner).receive(slab, 0));
        }
        for (DatagramPort port : ports) {
          assertNull(port.receive(slab, 0));
        }
      }
    } finally {
      close(ports);
      sender.close();
    }
  }

  @Test
  void aPortThatSomebodyHasIsRefusedAsEver() throws Exception {
    List<? extends DatagramPort> ports =
        PortChoice.openGroup(new LinuxCalls(), LOOPBACK, null, true, 2, true);
    InetSocketAddress taken = ports.get(0).localAddress();
    try {
      assertThrows(
          BindException.class,
          () -> PortChoice.openGroup(new LinuxCalls(), taken, null, true, 2, true));
      assertThrows(
          BindException.class, () -> LinuxDatagramPort.open(new LinuxCalls(), taken, null, true));
    } finally {
      close(ports);
    }
    close(List.of(LinuxDatagramPort.open(new LinuxCalls(), taken, null, true)));
  }

  @Test
  void socketsStayUntilTheLastPortIsClosedSoThatNothingGoesAstray() throws Exception {
    List<? extends DatagramPort> ports =
        PortChoice.openGroup(new LinuxCalls(), LOOPBACK, null, true, 3, true);
    InetSocketAddress to = ports.get(0).localAddress();
    ports.get(0).close();
    try (DatagramChannel sender = DatagramChannel.open().bind(LOOPBACK)) {
      for (int i = 0; i < SENDERS; i++) {
        ByteBuffer packet = packet(PacketHeader.DATA, 40);
        int owner = expected(packet, to, 3);
        sender.send(packet, to);
        if (owner > 0) {
          assertEquals(owner, 1 + whoGot(ports.subList(1, 3), packet));
        }
      }
    } finally {
      close(ports);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {LinuxCalls.ENOPROTOOPT, LinuxCalls.EPERM, LinuxCalls.EINVAL})
  void whereTheKernelRefusesThereIsOnePortThatSaysSo(int errno) throws Exception {
    for (int refused : new int[] {LinuxCalls.SO_REUSEPORT, LinuxCalls.SO_ATTACH_REUSEPORT_CBPF}) {
      LinuxCalls calls = new RefusedOption(refused, errno);
      List<? extends DatagramPort> ports =
          PortChoice.openGroup(calls, LOOPBACK, null, true, 3, true);
      try {
        assertEquals(1, ports.size());
        DatagramPort port = assertInstanceOf(LinuxDatagramPort.class, ports.get(0));
        String said = port.description();
        assertTrue(said.contains("one I/O thread and not 3"), said);
        assertTrue(said.contains(calls.errorText(errno)), said);
        for (int i = 0; i < SENDERS; i++) {
          ByteBuffer packet = packet(PacketHeader.DATA, 40);
          try (DatagramChannel sender = DatagramChannel.open().bind(LOOPBACK)) {
            sender.send(packet, port.localAddress());
          }
          assertEquals(0, whoGot(ports, packet));
        }
      } finally {
        close(ports);
      }
    }
  }

  @Test
  void thePortablePortIsOneAndSaysSo() throws Exception {
    List<? extends DatagramPort> ports = PortChoice.openGroup(LOOPBACK, null, true, true, 3, true);
    try {
      assertEquals(1, ports.size());
      assertTrue(ports.get(0).description().contains("one I/O thread and not 3"));
    } finally {
      close(ports);
    }
  }

  /** A flood that does not pause: there is always one more. */
  @Test
  @Timeout(60)
  void openingEndsUnderAFlood() throws Exception {
    int[] received = {0};
    LinuxCalls flooded =
        new LinuxCalls() {
          @Override
          long receive(int fd, long message) {
            received[0]++;
            long bytes = super.receive(fd, message);
            return bytes >= 0 ? bytes : 0;
          }
        };
    List<LinuxDatagramPort> ports = PortGroup.open(flooded, LOOPBACK, null, true, 2, true);
    try {
      long most = 0;
      for (LinuxDatagramPort port : ports) {
        most += 2L * port.grantedReceiveBufferBytes() / LinuxReceiver.LEAST_QUEUED_BYTES + 1;
      }
      assertEquals(most, received[0]);
    } finally {
      close(ports);
    }
  }

  /** A kernel without one option of sockets. */
  private static final class RefusedOption extends LinuxCalls {
    private final int refused;
    private final int errno;
    private boolean failed;

    RefusedOption(int refused, int errno) {
      this.refused = refused;
      this.errno = errno;
    }

    @Override
    int setOption(int fd, int level, int option, long value, int valueBytes) {
      failed = level == SOL_SOCKET && option == refused;
      return failed ? -1 : super.setOption(fd, level, option, value, valueBytes);
    }

    @Override
    int lastError() {
      return failed ? errno : super.lastError();
    }
  }
}
