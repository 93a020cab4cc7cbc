package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Delivery;
import io.posthorn.Mode;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.wire.VarInt;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.BeforeTry;

/** Plain messages taken by the run leave as they would have one by one. */
class PlainRunProperties {
  private PlainEndpoint endpoint;
  private Map<InetSocketAddress, ArrayDeque<byte[]>> expected;

  @BeforeTry
  void begin() {
    endpoint = new PlainEndpoint(SocketOptions.defaults(Mode.PLAIN));
    expected = new HashMap<>();
  }

  private static InetSocketAddress peer(int number) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 1000 + number);
  }

  @Property(tries = 100)
  void eachMessageIsOneDatagramInTheOrderOfItsPeer(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 40) int steps) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int step = 0; step < steps; step++) {
      InetSocketAddress to = peer(random.nextInt(2));
      ArrayDeque<byte[]> queue = expected.computeIfAbsent(to, any -> new ArrayDeque<>());
      int usual = random.nextInt(300);
      byte[] encoded = new byte[1 << 17];
      int end = 0;
      int messages = random.nextInt(1, 80);
      for (int i = 0; i < messages; i++) {
        byte[] body = new byte[random.nextInt(4) > 0 ? usual : random.nextInt(1_400)];
        random.nextBytes(body);
        queue.add(body);
        if (messages == 1) {
          assertEquals(SendOutcome.ACCEPTED, endpoint.send(message(to, body), 0));
        } else {
          end += VarInt.write(encoded, end, body.length * 2L);
          System.arraycopy(body, 0, encoded, end, body.length);
          end += body.length;
        }
      }
      assertEquals(end, endpoint.sendRun(0, to, 0, encoded, 0, end, false, 0));
      if (random.nextBoolean()) {
        drain();
      }
    }
    drain();
    expected.values().forEach(rest -> assertTrue(rest.isEmpty(), rest.size() + " did not leave"));
    endpoint.closeAll(0, 0);
    assertTrue(endpoint.isClosed());
    assertEquals(-1, endpoint.sendRun(0, peer(0), 0, new byte[] {0}, 0, 1, true, 0));
  }

  private static OutgoingMessage message(InetSocketAddress to, byte[] body) {
    return new OutgoingMessage(
        0, to, 0, Delivery.UNRELIABLE, -1, body, false, Endpoint.NEVER, false, null);
  }

  private void drain() {
    TransmitBatch batch = new TransmitBatch();
    while (endpoint.pollTransmit(batch, 0)) {
      assertTrue(batch.segments() >= 1 && batch.segments() <= 64);
      ArrayDeque<byte[]> queue = expected.get(batch.peer());
      assertNotNull(queue);
      for (int i = 0; i < batch.segments(); i++) {
        ByteBuffer datagram = batch.segment(i);
        byte[] is = new byte[datagram.remaining()];
        datagram.get(is);
        assertArrayEquals(queue.poll(), is);
      }
    }
  }

  @Property(tries = 20)
  void runStopsWhereTheQueueIsFullUnlessTold(@ForAll @IntRange(min = 0, max = 900) int bytes) {
    byte[] encoded = new byte[100 * (bytes + 2)];
    int end = 0;
    for (int i = 0; i < 100; i++) {
      end += VarInt.write(encoded, end, bytes * 2L) + bytes;
    }
    int taken = end;
    long held = 0;
    while (taken == end) {
      taken = endpoint.sendRun(0, peer(0), 0, encoded, 0, end, false, 0);
      held += taken;
      assertTrue(held < 64 << 20, "there is no end to the queue");
    }
    assertEquals(end, endpoint.sendRun(0, peer(0), 0, encoded, taken, end, true, 0));
    TransmitBatch batch = new TransmitBatch();
    while (endpoint.pollTransmit(batch, 0)) {
      assertEquals(bytes, batch.segmentBytes());
    }
    assertTrue(endpoint.pollEvent() instanceof EndpointEvent.Writable);
  }
}
