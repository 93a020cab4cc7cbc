package io.posthorn.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.endpoint.Endpoint;
import java.lang.reflect.Proxy;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Lanes where the name of a peer is another's from one moment on. */
class SendLanesTest {
  private static final InetSocketAddress NAME =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 5_001);

  private static final InetSocketAddress OTHER =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 5_002);

  private boolean takesAll = true;
  private final List<Long> went = new ArrayList<>();
  private final SendLanes lanes = new SendLanes();

  /** Takes all that a lane gives it, or says that the connection is gone. */
  private final Endpoint endpoint =
      (Endpoint)
          Proxy.newProxyInstance(
              Endpoint.class.getClassLoader(),
              new Class<?>[] {Endpoint.class},
              (proxy, method, arguments) -> {
                assertEquals("sendRun", method.getName());
                if (!takesAll) {
                  return -1;
                }
                went.add((Long) arguments[0]);
                return arguments[5];
              });

  private @Nullable SendLane laneTo(long connection) {
    return laneTo(connection, NAME);
  }

  private @Nullable SendLane laneTo(long connection, InetSocketAddress name) {
    lanes.onConnected(connection, name, endpoint, 0);
    lanes.onAccepted(name, connection, 0);
    return lanes.find(name, 0);
  }

  private static void append(@Nullable SendLane lane) {
    assertNotNull(lane);
    assertEquals(SendLane.Appended.FIRST, lane.append(ByteBuffer.allocate(10)));
  }

  @Test
  void aNameThatPassesOnUnsaidLeavesNoLaneBehind() {
    SendLane before = laneTo(1);
    append(before);
    SendLane after = laneTo(2);
    assertNotNull(after);
    assertEquals(2, after.connection);
    assertTrue(before.isClosed());
    assertEquals(List.of(1L), went);
    lanes.onClosed(1);
    assertSame(after, lanes.find(NAME, 0));
  }

  @Test
  void aConnectionThatGoesByAnotherNameHasNoLaneUnderTheFirst() {
    SendLane before = laneTo(1);
    append(before);
    assertNotNull(laneTo(1, OTHER));
    assertTrue(before.isClosed());
    assertEquals(List.of(1L), went);
    assertNull(lanes.find(NAME, 0));
  }

  @Test
  void whatARenamedConnectionTookNoMoreIsCountedByItsEnd() {
    append(laneTo(1));
    takesAll = false;
    lanes.onRenamed(1, endpoint, 0);
    takesAll = true;
    append(laneTo(1, OTHER));
    assertEquals(2, lanes.onClosed(1));
    assertEquals(0, lanes.onClosed(1));
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

  /** In plain mode; the messages to the other one go the other way. */
  @Test
  void oneAddressOnTwoLinksIsTwoPeers() throws UnknownHostException {
    byte[] everybody = {(byte) 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    InetSocketAddress[] links = new InetSocketAddress[2];
    for (int i = 0; i < links.length; i++) {
      links[i] = new InetSocketAddress(Inet6Address.getByAddress(null, everybody, 1 + i), 5_353);
      lanes.onPlainPeer(links[i]);
      lanes.onAccepted(links[i], Endpoint.NO_CONNECTION, i);
    }
    append(lanes.find(links[0], 0));
    assertNull(lanes.find(links[0], 1));
    for (int channel = 0; channel < 2; channel++) {
      assertNull(lanes.find(links[1], channel));
      assertFalse(lanes.holdsBack(links[1], Endpoint.NO_CONNECTION, channel, endpoint, 0));
    }
    assertEquals(List.of(), went, "what is for the one is not looked at for the other");
  }
}
