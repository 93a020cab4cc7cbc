package io.posthorn.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.endpoint.Endpoint;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Lanes where the name of a peer is another's from one moment on. */
class SendLanesTest {
  private static final InetSocketAddress NAME =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 5_001);

  private final List<Long> went = new ArrayList<>();
  private final SendLanes lanes = new SendLanes();

  /** Takes all that a lane gives it, and notes for which connection. */
  private final Endpoint endpoint =
      (Endpoint)
          Proxy.newProxyInstance(
              Endpoint.class.getClassLoader(),
              new Class<?>[] {Endpoint.class},
              (proxy, method, arguments) -> {
                assertEquals("sendRun", method.getName());
                went.add((Long) arguments[0]);
                return arguments[5];
              });

  private @Nullable SendLane laneTo(long connection) {
    lanes.onConnected(connection, NAME);
    lanes.onAccepted(NAME, connection, 0);
    return lanes.find(NAME, 0);
  }

  @Test
  void whatWasSentBeforeANamePassesToAnotherGoesToTheOneThatHadIt() {
    SendLane before = laneTo(1);
    assertNotNull(before);
    assertEquals(SendLane.Appended.FIRST, before.append(ByteBuffer.allocate(10)));
    lanes.onRenamed(1, endpoint, 0);
    assertEquals(List.of(1L), went);
    assertTrue(before.isClosed());
    assertNull(lanes.find(NAME, 0));
    SendLane after = laneTo(2);
    assertNotNull(after);
    assertEquals(2, after.connection);
  }
}
