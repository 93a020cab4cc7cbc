package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.posthorn.cli.sockets.SocketRow;
import java.util.List;
import org.junit.jupiter.api.Test;

class SocketsCommandTest {
  private static SocketRow system(String protocol, String local, String remote) {
    return new SocketRow(
        protocol, "listening", local, remote, "", -1, -1, -1, 0, -1, -1, 0, -1, "", -1, "");
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
