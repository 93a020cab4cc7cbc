package io.posthorn.codec;

import static io.posthorn.codec.HandwrittenBodies.ARRAY_LIST;
import static io.posthorn.codec.HandwrittenBodies.body;
import static io.posthorn.codec.HandwrittenBodies.id;
import static io.posthorn.codec.HandwrittenBodies.nulls;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.Outcome;
import io.posthorn.Receipt;
import io.posthorn.wire.WireLimits;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * FAULTS 61, with the limits that a codec has where none are set. Bodies that no codec made, and
 * codecs that fail: an error for that message alone.
 */
class MalformedMessagesTest extends TypedSocketCase {
  private static final int OPTIONAL = 93;
  private static final int INT_ARRAY = 68;

  /** A body that no codec made, and the error that it is to end in. */
  private record Hostile(byte[] body, Class<? extends CodecException> error) {}

  private static List<Hostile> hostile() throws CodecException {
    List<Hostile> bodies = new ArrayList<>();
    byte[] good = Sample.builder().build().encode(graphs().get(3));
    bodies.add(new Hostile(body(out -> id(out, 9_999)), CodecException.UnknownType.class));
    bodies.add(
        new Hostile(
            body(
                out -> {
                  out.writeVarInt(1, true); // Kryo's mark for a class by name
                  out.writeVarInt(0, true);
                  out.writeString("javax.script.ScriptEngineManager");
                }),
            CodecException.UnknownType.class));
    bodies.add(new Hostile(new byte[0], CodecException.Truncated.class));
    bodies.add(new Hostile(Arrays.copyOf(good, good.length - 1), CodecException.Truncated.class));
    bodies.add(
        new Hostile(Arrays.copyOf(good, good.length + 1), CodecException.TrailingBytes.class));
    bodies.add(new Hostile(new byte[1], CodecException.Malformed.class));
    for (int lengthy : new int[] {ARRAY_LIST, INT_ARRAY}) {
      for (int length : new int[] {Integer.MAX_VALUE, -1, 1 << 20}) {
        bodies.add(
            new Hostile(
                body(
                    out -> {
                      id(out, lengthy);
                      out.writeVarInt(length, true);
                    }),
                CodecException.TooLarge.class));
      }
    }
    bodies.add(
        new Hostile(body(out -> nulls(out, ARRAY_LIST, 1_000_000)), CodecException.TooLarge.class));
    bodies.add(
        new Hostile(
            body(
                out -> {
                  for (int i = 0; i < 20_000; i++) {
                    id(out, ARRAY_LIST);
                    out.writeVarInt(1, true);
                  }
                }),
            CodecException.TooDeep.class));
    bodies.add(
        new Hostile(
            body(
                out -> {
                  for (int i = 0; i < 60_000; i++) {
                    id(out, OPTIONAL);
                  }
                }),
            CodecException.TooDeep.class));
    bodies.add(
        new Hostile(
            body(
                out -> {
                  id(out, 130);
                  out.writeVarInt(101, false); // a percentage that its constructor refuses
                }),
            CodecException.Malformed.class));
    bodies.add(new Hostile("garbage of all kinds".getBytes(UTF_8), CodecException.class));
    return bodies;
  }

  @ParameterizedTest
  @MethodSource("modes")
  void eachHostileBodyIsOneErrorForThatMessageAlone(Mode mode) throws Exception {
    try (MessageSocket raw = loopback(mode).open();
        TypedSocket<Object> b = typed(mode)) {
      Codec<Object> codec = Sample.builder().build();
      BlockingQueue<CodecException> errors = new LinkedBlockingQueue<>();
      b.onMalformed(
          (peer, why) -> {
            assertEquals(raw.localAddress(), peer);
            errors.add(why);
          });
      int refused = 0;
      for (Hostile each : hostile()) {
        if (mode == Mode.PLAIN && each.body().length > WireLimits.MAX_DATAGRAM_BYTES) {
          continue;
        }
        raw.send(b.socket().localAddress(), each.body());
        raw.send(b.socket().localAddress(), codec.encode(refused));
        assertEquals(refused, next(b).body());
        refused++;
        CodecException error = errors.poll();
        assertNotNull(error, "no error for body " + refused);
        assertInstanceOf(each.error(), error);
        assertTrue(errors.isEmpty(), errors.toString());
        assertEquals(refused, b.malformed());
      }
      if (mode == Mode.RELIABLE) {
        assertEquals(1, b.socket().statistics().connectionsOpened());
        assertEquals(1, b.socket().connections().size());
      }
      assertEquals(2L * refused, b.socket().statistics().messagesReceived());
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void hostileBodiesAreCountedWithoutAHandlerToo(Mode mode) throws Exception {
    try (MessageSocket raw = loopback(mode).open();
        TypedSocket<Object> b = typed(mode)) {
      List<byte[]> bodies = new ArrayList<>();
      for (Hostile each : hostile()) {
        if (each.body().length <= 1_000) { // the kernel is to hold them all
          bodies.add(each.body());
        }
      }
      assertTrue(bodies.size() > 10, "only " + bodies.size());
      for (byte[] body : bodies) {
        raw.send(b.socket().localAddress(), body);
      }
      raw.send(b.socket().localAddress(), Sample.builder().build().encode("good"));
      assertEquals("good", b.receive().body());
      assertEquals(bodies.size(), b.malformed());
      assertNull(b.receive(Duration.ZERO));
      assertNull(b.receive(Duration.ofSeconds(Long.MIN_VALUE)));
    }
  }

  @Test
  void aReceiveWhoseTimeIsOverLooksAtABoundedNumberOfMalformedMessages() throws Exception {
    try (TypedSocket<Object> a = typed(Mode.RELIABLE);
        TypedSocket<Object> b = typed(Mode.RELIABLE)) {
      List<Receipt> receipts = new ArrayList<>();
      for (int i = 0; i < 600; i++) {
        receipts.add(a.socket().send(Message.to(at(b)).body(new byte[0])));
      }
      receipts.add(a.send(Message.to(at(b)), "good"));
      for (Receipt receipt : receipts) {
        Outcome outcome = receipt.await(LONG);
        assertNotNull(outcome);
        assertTrue(outcome.isAcknowledged(), outcome.toString());
      }
      // Now all of them wait to be received.
      assertNull(b.receive(Duration.ZERO));
      assertEquals(256, b.malformed());
      assertNull(b.receive(Duration.ofNanos(-1)));
      assertEquals(512, b.malformed());
      TypedMessage<Object> good = b.receive(Duration.ZERO);
      assertNotNull(good);
      assertEquals("good", good.body());
      assertEquals(600, b.malformed());
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void aCodecThatFailsDoesNotEndTheReceiver(Mode mode) throws Exception {
    Codec<Integer> lengths =
        new Codec<>() {
          @Override
          public byte[] encode(Integer value) {
            return new byte[value];
          }

          @Override
          public Integer decode(ByteBuffer body) {
            if (body.remaining() == 13) {
              throw new IllegalStateException("a mistake in the codec");
            }
            return body.remaining();
          }

          @Override
          public Registrations registrations() {
            return Registrations.ofFormat("lengths");
          }
        };
    try (TypedSocket<Integer> a = TypedSocket.over(loopback(mode).open(), lengths)) {
      BlockingQueue<CodecException> errors = new LinkedBlockingQueue<>();
      a.onMalformed((peer, why) -> errors.add(why));
      for (int length : new int[] {13, 14}) {
        a.send(at(a), length);
      }
      assertEquals(14, next(a).body());
      CodecException error = assertInstanceOf(CodecException.Malformed.class, errors.poll());
      assertInstanceOf(IllegalStateException.class, error.getCause());
      assertThrows(NegativeArraySizeException.class, () -> a.send(at(a), -1));
    }
  }

  @Test
  void aSecondHandlerOfMalformedMessagesIsRefused() throws Exception {
    try (TypedSocket<Object> a = typed(Mode.PLAIN)) {
      a.onMalformed((peer, why) -> {});
      assertThrows(IllegalStateException.class, () -> a.onMalformed((peer, why) -> {}));
    }
  }
}
