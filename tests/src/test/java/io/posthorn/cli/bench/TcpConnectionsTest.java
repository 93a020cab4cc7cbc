package io.posthorn.cli.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Socket;
import java.util.List;
import org.junit.jupiter.api.Test;

class TcpConnectionsTest {
  private static final long SILENCE_NANOS = TcpConnections.SILENCE_NANOS;

  private final Socket first = new Socket();
  private final Socket second = new Socket();
  private final Socket third = new Socket();

  @Test
  void noMoreThanTheLimitAreTakenUntilOneIsGone() {
    TcpConnections connections = new TcpConnections(2);
    assertTrue(connections.add(first, 0));
    assertTrue(connections.add(second, 0));
    assertFalse(connections.add(third, 0));
    connections.remove(first);
    assertTrue(connections.add(third, 0));
    assertEquals(2, connections.all().size());
  }

  @Test
  void thoseThatAskForNoTestAreSilentAfterAWhile() {
    TcpConnections connections = new TcpConnections(3);
    connections.add(first, -5);
    connections.add(second, -5);
    connections.add(third, 1);
    connections.onTest(second);
    assertEquals(List.of(), connections.silent(SILENCE_NANOS - 6));
    assertEquals(List.of(first), connections.silent(SILENCE_NANOS - 5));
    connections.remove(first);
    connections.onTest(first); // closed meanwhile
    assertEquals(List.of(third), connections.silent(Long.MAX_VALUE / 2));
  }
}
