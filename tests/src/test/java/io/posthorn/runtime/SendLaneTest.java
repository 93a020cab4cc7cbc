package io.posthorn.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.endpoint.Endpoint;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntBinaryOperator;
import org.junit.jupiter.api.Test;

/** Small messages between the application and the endpoint. */
class SendLaneTest {
  private static final InetSocketAddress PEER =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 9);

  private final LaneBuffers buffers = new LaneBuffers();
  private final SendLane lane = new SendLane(5, PEER, 0, buffers);
  private final List<Byte> taken = new ArrayList<>();

  /** An endpoint that answers an offered run, from and to, with where it stopped. */
  private Endpoint endpoint(IntBinaryOperator answer) {
    return (Endpoint)
        Proxy.newProxyInstance(
            SendLaneTest.class.getClassLoader(),
            new Class<?>[] {Endpoint.class},
            (proxy, method, arguments) -> {
              assertEquals("sendRun", method.getName());
              byte[] encoded = (byte[]) arguments[3];
              int from = (int) arguments[4];
              int stopped = answer.applyAsInt(from, (int) arguments[5]);
              for (int at = from; at < stopped; at += 2) {
                taken.add(encoded[at + 1]);
              }
              return stopped;
            });
  }

  /** Messages of one byte: two bytes in the lane. */
  private void append(int... bodies) {
    for (int body : bodies) {
      SendLane.Appended appended = lane.append(ByteBuffer.wrap(new byte[] {(byte) body}));
      assertTrue(appended.ordinal() <= SendLane.Appended.FIRST.ordinal(), appended.toString());
    }
  }

  @Test
  void whatDoesNotFitIsOfferedAgainBeforeWhatCameLater() {
    append(1, 2, 3);
    assertFalse(lane.drain(endpoint((from, to) -> from + 2), false, 0));
    append(4, 5);
    assertTrue(lane.drain(endpoint((from, to) -> to), false, 0));
    assertEquals(List.of((byte) 1, (byte) 2, (byte) 3, (byte) 4, (byte) 5), taken);
    lane.close();
    assertEquals(0, lane.abandon());
  }

  @Test
  void allThatAnEndedConnectionDidNotTakeIsCounted() {
    append(1, 2, 3);
    assertFalse(lane.drain(endpoint((from, to) -> from), false, 0));
    append(4, 5);
    assertTrue(lane.drain(endpoint((from, to) -> -1), false, 0));
    assertTrue(lane.isClosed());
    assertEquals(5, lane.abandon());
    assertEquals(0, lane.abandon());
  }

  @Test
  void aFullLaneTakesNoMoreUntilItIsDrained() {
    ByteBuffer body = ByteBuffer.wrap(new byte[40_000]);
    int count = 0;
    while (lane.append(body) != SendLane.Appended.FULL) {
      count++;
    }
    assertEquals(LaneBuffers.MOST_BYTES / 40_004, count);
    assertEquals(0, body.position());
    assertTrue(lane.drain(endpoint((from, to) -> to), false, 0));
    assertEquals(SendLane.Appended.BEHIND_OTHERS, lane.append(body), "it was announced before");
    lane.unannounce();
    assertEquals(SendLane.Appended.FIRST, lane.append(body));
  }

  @Test
  void aLaneHoldsLittleMoreThanWhatWaitsInIt() {
    assertEquals(SendLane.Appended.FIRST, lane.append(ByteBuffer.wrap(new byte[5_000])));
    assertEquals(8 << 10, buffers.lentBytes());
    for (int i = 1; i < 8; i++) {
      lane.append(ByteBuffer.wrap(new byte[5_000]));
    }
    assertEquals(64 << 10, buffers.lentBytes());
    assertTrue(lane.drain(endpoint((from, to) -> to), false, 0));
    assertEquals(0, buffers.lentBytes());
  }

  @Test
  void aLaneThatHeldMuchTakesAsLittleAsThereIs() {
    ByteBuffer body = ByteBuffer.wrap(new byte[60_000]);
    for (int i = 0; i < 4; i++) {
      lane.append(body);
    }
    assertTrue(lane.drain(endpoint((from, to) -> to), false, 0));
    long left = LaneBuffers.LIMIT_BYTES - LaneBuffers.MOST_BYTES / 2;
    for (long lent = 0; lent < left; lent += LaneBuffers.MOST_BYTES / 2) {
      assertNotNull(buffers.take(LaneBuffers.MOST_BYTES / 2));
    }
    append(1);
    assertEquals(left + LaneBuffers.LEAST_BYTES, buffers.lentBytes());
  }

  @Test
  void allLanesTogetherHoldSoMuchAndNoMore() {
    ByteBuffer body = ByteBuffer.wrap(new byte[60_000]);
    List<SendLane> lanes = new ArrayList<>();
    SendLane last = lane;
    while (last.append(body) == SendLane.Appended.FIRST) {
      lanes.add(last);
      assertTrue(lanes.size() < 10_000, "there is no end");
      last = new SendLane(6 + lanes.size(), PEER, 0, buffers);
    }
    assertEquals(LaneBuffers.LIMIT_BYTES / (64 << 10), lanes.size());
    assertEquals(LaneBuffers.LIMIT_BYTES, buffers.lentBytes());
    assertTrue(lane.drain(endpoint((from, to) -> to), false, 0));
    assertEquals(SendLane.Appended.FIRST, last.append(body));
    for (SendLane full : lanes) {
      full.close();
      full.abandon();
    }
    assertEquals(64 << 10, buffers.lentBytes());
  }
}
