package io.posthorn.simulation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.ThirdMessagePacket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The first message goes with M3, in one datagram with it (PROTOCOL.md §8.1). */
class FirstDataTest {
  /** All that the initiator sends, once {@link #run} is over. */
  private final List<byte[]> sent = new ArrayList<>();

  private Pair run(boolean sealed, int bodyBytes) {
    Pair pair = new Pair(1, sealed ? Pair.options() : Pair.clear());
    pair.link(LinkConditions.parse("delay 10ms"));
    boolean[] over = {false};
    pair.network.intercept(
        (from, to, number, datagram) -> {
          if (!from.equals(Pair.A)) {
            return Interception.DELIVER;
          }
          byte[] bytes = new byte[datagram.remaining()];
          datagram.duplicate().get(bytes);
          sent.add(bytes);
          boolean drop = over[0];
          over[0] |= kind(bytes) == PacketHeader.THIRD_MESSAGE;
          return drop ? Interception.DROP : Interception.DELIVER;
        });
    pair.a.send(pair.b, 0, Delivery.RELIABLE_ORDERED, bodyBytes);
    pair.network.run(Duration.ofMillis(40));
    return pair;
  }

  private static int kind(byte[] datagram) {
    return PacketHeader.kind(datagram[0]);
  }

  /** Two datagrams of the initiator arrive, M1 and that one: with them the message is there. */
  @ParameterizedTest(name = "sealed: {0}")
  @ValueSource(booleans = {true, false})
  void theDatagramOfTheThirdMessageBringsTheFirstMessage(boolean sealed) {
    Pair pair = run(sealed, 500);
    assertEquals(PacketHeader.FIRST_MESSAGE, kind(sent.get(0)));
    assertEquals(PacketHeader.THIRD_MESSAGE, kind(sent.get(1)));
    assertEquals(1, pair.history.received().size());
    assertTrue(pair.network.nowNanos() < 250_000_000L, "before anything went again");
  }

  /** In clear its bytes can be seen there: behind M3, in a data packet. */
  @Test
  void theDataPacketBehindTheThirdMessageHoldsItsBytes() {
    Pair pair = run(false, 500);
    byte[] body = pair.history.received().get(0).message().body();
    byte[] datagram = sent.get(1);
    ThirdMessagePacket third = new ThirdMessagePacket();
    assertEquals(DropReason.NONE, third.check(datagram, 0, datagram.length));
    assertTrue(third.dataLength() > body.length);
    byte[] data = Arrays.copyOfRange(datagram, third.dataFrom(), datagram.length);
    assertEquals(third.dataLength(), data.length);
    assertEquals(PacketHeader.DATA, kind(data));
    int at = Collections.indexOfSubList(boxed(data), boxed(body));
    assertTrue(at > 0, "the body is not in it");
    assertArrayEquals(body, Arrays.copyOfRange(data, at, at + body.length));
  }

  /** What is larger begins there, and fills it. */
  @Test
  void aLargeMessageBeginsThere() {
    run(false, 20_000);
    byte[] datagram = sent.get(1);
    ThirdMessagePacket third = new ThirdMessagePacket();
    assertEquals(DropReason.NONE, third.check(datagram, 0, datagram.length));
    assertTrue(datagram.length > 1_190 && third.dataLength() > 800, datagram.length + " bytes");
  }

  private static List<Byte> boxed(byte[] bytes) {
    List<Byte> list = new ArrayList<>(bytes.length);
    for (byte each : bytes) {
      list.add(each);
    }
    return list;
  }
}
