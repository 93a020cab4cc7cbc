package io.posthorn.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.ForgottenPeer;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;

/** Two sockets whose codecs know different classes, or the same. */
class RegistrationExchangeTest extends TypedSocketCase {
  @Test
  void differentRegistrationsShowAsCodecExceptionsWhereNothingIsCompared() throws Exception {
    KryoCodec<Object> other =
        KryoCodec.builder(Object.class).register(40, Sample.Point.class).build();
    try (TypedSocket<Object> a = TypedSocket.over(loopback(Mode.PLAIN).open(), other);
        TypedSocket<Object> b = typed(Mode.PLAIN)) {
      BlockingQueue<CodecException> errors = new LinkedBlockingQueue<>();
      b.onMalformed((peer, why) -> errors.add(why));
      assertFalse(Arrays.equals(a.fingerprint(), b.fingerprint()));
      assertArrayEquals(other.fingerprint(), a.fingerprint());
      a.send(at(b), new Sample.Point(1, 2));
      a.send(at(b), "of no class that differs");
      assertEquals("of no class that differs", next(b).body());
      assertInstanceOf(CodecException.UnknownType.class, errors.poll());
    }
  }

  private record First(int number) {}

  private record Second(int number) {}

  private static Codec<Object> codec(Class<?> ten, Class<?> eleven) {
    return KryoCodec.builder(Object.class).register(10, ten).register(11, eleven).build();
  }

  /** DESIGN §4: a difference is told by the first class that differs, and nothing is decoded. */
  @Test
  void differentRegistrationsAreToldByTheFirstClassThatDiffers() throws Exception {
    try (TypedSocket<Object> a =
            TypedSocket.over(loopback(Mode.RELIABLE).open(), codec(First.class, Second.class));
        TypedSocket<Object> b =
            TypedSocket.over(loopback(Mode.RELIABLE).open(), codec(Second.class, First.class))) {
      BlockingQueue<CodecException> toldA = new LinkedBlockingQueue<>();
      BlockingQueue<CodecException> toldB = new LinkedBlockingQueue<>();
      a.onMalformed((peer, why) -> toldA.add(why));
      b.onMalformed((peer, why) -> toldB.add(why));
      a.send(at(b), new First(1));
      // The value would decode as a Second: both hold one number.
      assertNull(b.receive(Duration.ZERO));
      while (toldA.isEmpty() || toldB.size() < 2) {
        assertNull(a.receive(Duration.ofMillis(5)));
        assertNull(b.receive(Duration.ofMillis(5)));
      }
      assertInstanceOf(CodecException.Different.class, toldB.remove());
      for (CodecException told : List.of(toldA.remove(), toldB.remove())) {
        String text = told.getMessage();
        assertInstanceOf(CodecException.Different.class, told);
        assertTrue(text.startsWith("class id 10 differs: here "), text);
        assertTrue(text.contains("$First") && text.contains("$Second"), text);
      }
      assertTrue(toldA.isEmpty() && toldB.isEmpty(), "each list is sent once");
    }
  }

  /** A handler that takes its time may come to a message when its connection is forgotten. */
  @Test
  void nothingIsDecodedOfAPeerWhoseRegistrationsAreForgotten() throws Exception {
    Codec<Object> codec = codec(First.class, Second.class);
    for (Mode mode : Mode.values()) {
      boolean hasConnections = mode == Mode.RELIABLE;
      RegistrationExchange exchange =
          new RegistrationExchange(codec.registrations(), hasConnections);
      try (MessageSocket socket = loopback(mode).open()) {
        Message message = ForgottenPeer.message(socket, codec.encode(new First(1)));
        assertEquals(hasConnections, exchange.refusal(message) != null);
      }
    }
  }

  @Test
  void equalRegistrationsAndPeersWithoutAnyAreDecoded() throws Exception {
    try (TypedSocket<Object> a =
            TypedSocket.over(loopback(Mode.RELIABLE).open(), codec(First.class, Second.class));
        TypedSocket<Object> b =
            TypedSocket.over(loopback(Mode.RELIABLE).open(), codec(First.class, Second.class));
        MessageSocket bare = loopback(Mode.RELIABLE).open()) {
      a.send(at(b), new First(1));
      assertEquals(new First(1), next(b).body());
      bare.send(at(b), codec(First.class, Second.class).encode(new Second(2)));
      assertEquals(new Second(2), next(b).body());
      assertArrayEquals(b.fingerprint(), bare.connect(at(b)).peerRegistrationFingerprint());
    }
  }
}
