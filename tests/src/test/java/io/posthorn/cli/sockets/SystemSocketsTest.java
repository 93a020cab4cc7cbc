package io.posthorn.cli.sockets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The kernel's tables, made by hand and real. */
class SystemSocketsTest {
  @Test
  void theRealTablesShowASocketOfThisProcess() throws IOException {
    SystemSockets system = new SystemSockets(Path.of("/proc"));
    assumeTrue(system.isAvailable());
    InetAddress loopback = InetAddress.getLoopbackAddress();
    try (DatagramSocket udp = new DatagramSocket(0, loopback);
        ServerSocket tcp = new ServerSocket(0, 1, loopback);
        Socket client = new Socket(loopback, tcp.getLocalPort())) {
      List<SocketRow> rows = system.read(true);
      SocketRow mine = only(rows, "udp", udp.getLocalPort(), "listening");
      assertEquals(ProcessHandle.current().pid(), mine.process());
      assertFalse(mine.program().isEmpty());
      assertTrue(
          mine.local().endsWith("127.0.0.1:" + udp.getLocalPort()) || !mine.local().isEmpty());
      only(rows, "tcp", tcp.getLocalPort(), "listening");
      SocketRow connected = only(rows, "tcp", client.getLocalPort(), "established");
      assertEquals(tcp.getLocalPort(), SocketRow.port(connected.remote()));
    }
  }

  private static SocketRow only(List<SocketRow> rows, String protocol, int port, String state) {
    List<SocketRow> found =
        rows.stream()
            .filter(row -> row.protocol().equals(protocol) && row.localPort() == port)
            .filter(row -> row.state().equals(state))
            .toList();
    assertEquals(1, found.size(), found::toString);
    return found.get(0);
  }

  @Test
  void aTableIsReadAndLinesThatAreNoneAreSkipped(@TempDir Path proc) throws IOException {
    assumeTrue(ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN);
    Path net = Files.createDirectories(proc.resolve("net"));
    Files.writeString(
        net.resolve("udp"),
        """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
          12: 0100007F:2328 00000000:0000 07 00000010:00000000 00:00000000 00000000     0        0 77 2 0 42
          13: 0100007F:2329 0200000A:0035 01 00000000:00000000 00:00000000 00000000     0        0 78 2 0 0
          13: 00000000:232A 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 79 2 0 0
          14: nonsense
          15: 0100007F 00000000:0000 07 0:0 00:0 0 0 0 1
        """);
    Files.writeString(
        net.resolve("tcp6"),
        """
          sl  local_address rem_address
          0: 00000000000000000000000000000000:0017 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 98 1 0 100 0 0 10 0
          0: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 99 1 0 100 0 0 10 0
        """);
    Path descriptors = Files.createDirectories(proc.resolve("31/fd"));
    Files.createSymbolicLink(descriptors.resolve("5"), Path.of("socket:[78]"));
    Files.writeString(proc.resolve("31/comm"), "evil\u001b[2J\n");
    List<SocketRow> rows = new SystemSockets(proc).read(true);
    assertEquals(5, rows.size(), rows::toString);
    assertEquals("127.0.0.1:9000", rows.get(0).local());
    assertEquals(16, rows.get(0).queuedBytes());
    assertEquals(42, rows.get(0).lost());
    assertEquals("10.0.0.2:53", rows.get(1).remote());
    assertEquals("established", rows.get(1).state());
    assertEquals(31, rows.get(1).process());
    assertEquals("evil?[2J", rows.get(1).program());
    assertEquals("0.0.0.0:9002", rows.get(2).local(), "of IPv4 alone");
    assertEquals("*:23", rows.get(3).local(), "perhaps of both");
    assertEquals("listening", rows.get(4).state());
    assertEquals("[::1]:22", rows.get(4).local());
    assertNull(SystemSockets.address("0100007F:99999"));
    assertNull(SystemSockets.address("xx00007F:0001"));
  }

  @Test
  void portsAreNamedWithClassAndService(@TempDir Path folder) throws IOException {
    Path services = folder.resolve("services");
    Files.writeString(
        services, "# comment\ndomain\t\t53/udp\ndomain 53/tcp # Domain\nbad\nsyslog 514/udp\n");
    Path range = folder.resolve("range");
    Files.writeString(range, "32768\t60999\n");
    PortNames names = new PortNames(services, range);
    assertEquals("domain", names.service("udp", 53));
    assertEquals("domain", names.service("reliable", 53));
    assertEquals("", names.service("tcp", 514));
    assertEquals("well-known", names.classOf(1023));
    assertEquals("registered", names.classOf(9000));
    assertEquals("ephemeral", names.classOf(32768));
    assertEquals("ephemeral", names.classOf(61_000));
    Path real = Path.of("/proc/sys/net/ipv4/ip_local_port_range");
    if (Files.isReadable(real)) {
      int first = Integer.parseInt(Files.readAllLines(real).get(0).split("\\s", -1)[0]);
      assertEquals("ephemeral", new PortNames(services, real).classOf(Math.max(first, 1_024)));
    }
    PortNames bare = new PortNames(folder.resolve("no"), folder.resolve("no"));
    assertEquals("", bare.service("udp", 53));
    assertEquals("registered", bare.classOf(32768));
    assertEquals("ephemeral", bare.classOf(49152));
  }

  private static SocketRow overflown(long times) {
    return SocketRow.ofLine("protocol=plain\tlocal=*:9000\treceiveOverflows=" + times);
  }

  @Test
  void theTableLeavesOutWhatNobodyKnows(@TempDir Path folder) {
    SocketTable table = new SocketTable(new PortNames(folder, folder));
    SocketRow row = SocketRow.ofSystem("udp", "established", "1.2.3.4:50000", "5.6.7.8:53", 0, -1);
    List<String> lines = table.lines(List.of(row));
    assertEquals(2, lines.size());
    assertFalse(lines.get(0).contains("RTT"), lines.get(0));
    assertTrue(lines.get(1).contains("53 well-known"), lines.get(1));
    String json = table.json(row).toString();
    assertTrue(json.contains("\"rttNanos\":null"), json);
    assertTrue(json.contains("\"localPortClass\":\"ephemeral\""), json);
    assertEquals(1, table.lines(List.of()).size());
    assertFalse(table.lines(List.of(overflown(0))).get(0).contains("OVERFLOWS"), "none");
    lines = table.lines(List.of(overflown(0), overflown(73)));
    int column = lines.get(0).indexOf("OVERFLOWS");
    assertEquals("73", lines.get(2).substring(column).strip(), lines::toString);
    assertTrue(lines.get(1).length() <= column, lines::toString);
    json = table.json(overflown(0)).toString();
    assertTrue(json.contains("\"receiveOverflows\":0"), json);
  }
}
