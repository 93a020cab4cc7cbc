package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.posthorn.cli.sockets.SocketRow;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.util.List;
import org.junit.jupiter.api.Test;

class SocketsCommandTest {
  private static SocketRow system(String protocol, String local, String remote) {
    return row(protocol, "listening", local, remote);
  }

  private static SocketRow row(String protocol, String state, String local, String remote) {
    return new SocketRow(
        protocol, state, local, remote, "", -1, -1, -1, 0, -1, -1, 0, -1, -1, "", -1, "");
  }

  @Test
  void ofOneFamilyAreThoseThatHaveItsPeersOrHearThem() {
    SocketRow both = system("udp", "*:9000", "");
    SocketRow four = system("udp", "0.0.0.0:9000", "");
    SocketRow six = system("udp", "[::]:9000", "");
    SocketRow one = row("reliable", "established", "*:9000", "192.0.2.1:9");
    SocketRow other = row("reliable", "established", "*:9000", "[2001:db8::1]:9");
    SocketRow proxy = row("proxy", "listening", "[::]:9000", "192.0.2.1:9");
    List<SocketRow> all = List.of(both, four, six, one, other, proxy);
    assertEquals(List.of(both, four, one, proxy), of(StandardProtocolFamily.INET, all));
    assertEquals(List.of(both, six, other, proxy), of(StandardProtocolFamily.INET6, all));
  }

  private static List<SocketRow> of(ProtocolFamily family, List<SocketRow> rows) {
    return rows.stream().filter(row -> SocketsCommand.isOf(family, row)).toList();
  }

  @Test
  void aSocketOfOneFamilyIsTheOneThatTheSystemKnows() {
    SocketRow told = system("plain", "[::]:9000", "");
    assertEquals(
        List.of(), SocketsCommand.untold(List.of(system("udp", "*:9000", "")), List.of(told)));
  }

  @Test
  void onlyTheVerySocketThatAProgramTellsOfIsLeftOut() {
    SocketRow told = system("udp", "127.0.0.1:9000", "");
    SocketRow elsewhere = system("udp", "192.0.2.1:9000", "");
    SocketRow tcp = system("tcp", "127.0.0.1:9000", "");
    SocketRow connected = system("udp", "127.0.0.1:9000", "127.0.0.1:53");
    assertEquals(
        List.of(elsewhere, tcp, connected),
        SocketsCommand.untold(List.of(told, elsewhere, tcp, connected), List.of(told)));
  }
}
