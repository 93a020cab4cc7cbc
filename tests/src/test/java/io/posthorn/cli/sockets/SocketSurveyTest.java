package io.posthorn.cli.sockets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.AddressText;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Control sockets in a folder of their own. */
@Timeout(60)
class SocketSurveyTest {
  @TempDir Path parent;

  private Path folder() throws IOException {
    return ControlFolder.open(parent.resolve("posthorn"));
  }

  private static MessageSocket open() throws IOException {
    return MessageSocket.builder()
        .mode(Mode.RELIABLE)
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .open();
  }

  @Test
  void aSocketAndItsConnectionsAreToldOf() throws Exception {
    Path folder = folder();
    try (ControlServer control = ControlServer.open(folder, "listen");
        MessageSocket listener = open();
        MessageSocket client = open()) {
      control.add(SocketRows.of(listener, true, null));
      control.add(SocketRows.of(client, false, null));
      client.connect(listener.localAddress()).send("hello".getBytes(StandardCharsets.UTF_8));
      assertNotNull(listener.receive());
      List<SocketRow> rows = SocketSurvey.ask(folder);
      assertEquals(4, rows.size(), rows::toString);
      String at = AddressText.of(listener.localAddress());
      String from = AddressText.of(client.localAddress());
      SocketRow outgoing =
          rows.stream().filter(row -> row.remote().equals(at)).findFirst().orElseThrow();
      SocketRow incoming =
          rows.stream().filter(row -> row.remote().equals(from)).findFirst().orElseThrow();
      assertEquals(from, outgoing.local());
      assertEquals("reliable", outgoing.protocol());
      assertEquals("open", outgoing.state());
      assertTrue(outgoing.rttNanos() > 0 && outgoing.windowBytes() > 0, outgoing.toString());
      assertTrue(outgoing.sent() > 0 && outgoing.ageNanos() > 0, outgoing.toString());
      assertTrue(incoming.received() > 0, incoming.toString());
      assertEquals(-1, incoming.receiveOverflows(), "the socket's, not the connection's");
      assertTrue(incoming.connectionId().matches("[0-9a-f]{16}"), incoming.toString());
      assertEquals(ProcessHandle.current().pid(), incoming.process());
      assertEquals("listen", incoming.program());
      assertTrue(
          rows.stream()
              .anyMatch(
                  row ->
                      row.isListening() && row.local().equals(at) && row.receiveOverflows() == 0),
          rows::toString);
    }
    assertEquals(List.of(), SocketSurvey.ask(folder));
  }

  @Test
  void whatADeadProcessLeftBehindIsRemoved() throws Exception {
    Path folder = folder();
    Path stale = folder.resolve("4711.sock");
    try (ServerSocketChannel left = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      left.bind(UnixDomainSocketAddress.of(stale));
    }
    assertTrue(Files.exists(stale));
    assertEquals(List.of(), SocketSurvey.ask(folder));
    assertFalse(Files.exists(stale));
  }

  @Test
  void whoeverAsksAStoppedProgramCanBeInterrupted() throws Exception {
    Path folder = folder();
    try (ServerSocketChannel stopped = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      stopped.bind(UnixDomainSocketAddress.of(folder.resolve("4711.sock")));
      Thread.currentThread().interrupt();
      assertThrows(InterruptedIOException.class, () -> SocketSurvey.ask(folder));
      assertTrue(Thread.interrupted());
    }
  }

  private static boolean connects(SocketChannel channel, UnixDomainSocketAddress to) {
    try {
      return channel.connect(to);
    } catch (IOException full) {
      return false;
    }
  }

  @Test
  void aStoppedProgramThatManyWaitForIsPassedOver() throws Exception {
    Path folder = folder();
    UnixDomainSocketAddress at = UnixDomainSocketAddress.of(folder.resolve("4711.sock"));
    List<SocketChannel> waiting = new ArrayList<>();
    try (ServerSocketChannel stopped = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      stopped.bind(at, 1);
      boolean full = false;
      while (!full) {
        SocketChannel one = SocketChannel.open(StandardProtocolFamily.UNIX);
        waiting.add(one);
        one.configureBlocking(false);
        full = !connects(one, at);
      }
      assertEquals(List.of(), SocketSurvey.ask(folder));
    } finally {
      for (SocketChannel one : waiting) {
        one.close();
      }
    }
  }

  @Test
  void aFolderThatOthersMayEnterIsNotUsed() throws Exception {
    Path open = Files.createDirectory(parent.resolve("posthorn"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
    IOException refused = assertThrows(IOException.class, () -> ControlFolder.open(open));
    assertTrue(refused.getMessage().contains("chmod 700"), refused.getMessage());
    assertThrows(IOException.class, () -> SocketSurvey.ask(open));
    Path file = Files.createFile(parent.resolve("file"));
    assertThrows(IOException.class, () -> ControlFolder.open(file));
    Path link = Files.createSymbolicLink(parent.resolve("link"), folderElsewhere());
    assertThrows(IOException.class, () -> ControlFolder.open(link));
    assertEquals(List.of(), SocketSurvey.ask(parent.resolve("absent")));
  }

  private Path folderElsewhere() throws IOException {
    return ControlFolder.open(parent.resolve("elsewhere"));
  }

  @Test
  void theFolderIsTheUsersOwn() throws Exception {
    assertEquals(
        Path.of("/run/user/7/posthorn"),
        ControlFolder.path(Map.of("XDG_RUNTIME_DIR", "/run/user/7")));
    assertTrue(
        ControlFolder.path(Map.of("XDG_RUNTIME_DIR", "relative"))
            .getFileName()
            .toString()
            .startsWith("posthorn-"));
    assertEquals(
        "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder())));
  }

  @Test
  void aLineIsReadBackAndNonsenseIsNoRow() {
    SocketRow row =
        new SocketRow(
            "reliable",
            "open",
            "[::1]:1",
            "10.0.0.1:2",
            "00ff",
            1,
            2,
            3,
            4,
            5,
            6,
            7,
            8,
            9,
            "congestion window",
            10,
            "send");
    assertEquals(row, SocketRow.ofLine(row.toLine()));
    assertNull(SocketRow.ofLine(""));
    assertNull(SocketRow.ofLine("protocol=udp"));
    SocketRow hostile = SocketRow.ofLine("protocol=\u001b[2J\tlocal=x:99999999999\tsent=-4");
    assertEquals("?[2J", hostile.protocol());
    assertEquals(-1, hostile.localPort());
    assertEquals(-1, hostile.sent());
  }
}
