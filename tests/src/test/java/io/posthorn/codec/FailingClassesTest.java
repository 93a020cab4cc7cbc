package io.posthorn.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * FAULTS 61. Classes of the application that fail on the values of a body: an error for that
 * message alone, whatever they throw, unless it says that the JVM or the thread is at its end.
 */
class FailingClassesTest extends TypedSocketCase {
  /** What a value's class does when the value is made. */
  enum Failure {
    NONE(CodecException.class, Throwable.class),
    EXCEPTION(CodecException.Malformed.class, IllegalArgumentException.class),
    ASSERTION(CodecException.Malformed.class, AssertionError.class),
    UNLOADABLE(CodecException.Malformed.class, LinkageError.class),
    STACK(CodecException.TooDeep.class, StackOverflowError.class),
    HEAP(CodecException.TooLarge.class, OutOfMemoryError.class),
    OWN_ERROR(CodecException.Malformed.class, OwnError.class),
    CHECKED(CodecException.Malformed.class, CheckedException.class);

    private final Class<? extends CodecException> refusal;
    private final Class<? extends Throwable> cause;

    Failure(Class<? extends CodecException> refusal, Class<? extends Throwable> cause) {
      this.refusal = refusal;
      this.cause = cause;
    }
  }

  static final class OwnError extends Error {
    private static final long serialVersionUID = 1L;
  }

  static final class CheckedException extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /** Its static initializer fails, once; from then on it is not found. */
  static final class Unloadable {
    static final int VALUE = Integer.parseInt("no number");

    private Unloadable() {}
  }

  private static void fail(Failure how) throws CheckedException {
    switch (how) {
      case NONE -> {}
      case EXCEPTION -> throw new IllegalArgumentException("refused");
      case ASSERTION -> throw new AssertionError("refused");
      case UNLOADABLE -> assertEquals(0, Unloadable.VALUE);
      case STACK -> fail(how);
      case HEAP -> assertEquals(0, new int[Integer.MAX_VALUE].length);
      case OWN_ERROR -> throw new OwnError();
      case CHECKED -> throw new CheckedException();
    }
  }

  /** Only what came by a body fails: {@link #of} makes any. */
  record Choosy(Failure failure) {
    private static final ThreadLocal<Boolean> LENIENT = ThreadLocal.withInitial(() -> false);

    Choosy {
      if (!LENIENT.get()) {
        sneak(failure);
      }
    }

    static Choosy of(Failure failure) {
      LENIENT.set(true);
      try {
        return new Choosy(failure);
      } finally {
        LENIENT.remove();
      }
    }
  }

  /** Fails without a record's constructor between. */
  static final class Bare {
    private final Failure failure;

    Bare(Failure failure) {
      this.failure = failure;
    }
  }

  static final class BareSerializer extends Serializer<Bare> {
    @Override
    public void write(Kryo kryo, Output output, Bare value) {
      output.writeByte(value.failure.ordinal());
    }

    @Override
    public Bare read(Kryo kryo, Input input, Class<? extends Bare> type) {
      Failure failure = Failure.values()[input.readByte()];
      sneak(failure);
      return new Bare(failure);
    }
  }

  private static void sneak(Failure failure) {
    try {
      fail(failure);
    } catch (CheckedException e) {
      throw FailingClassesTest.<RuntimeException>undeclared(e);
    }
  }

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <E extends Throwable> E undeclared(Throwable any) throws E {
    throw (E) any;
  }

  private static KryoCodec<Object> codec() {
    return KryoCodec.builder(Object.class)
        .register(10, Failure.class)
        .register(11, Choosy.class)
        .register(12, Bare.class, new BareSerializer())
        .build();
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void whateverIsThrownIsARefusalOfThatBody(Failure failure) throws CodecException {
    KryoCodec<Object> codec = codec();
    for (Object value : List.of(Choosy.of(failure), new Bare(failure), Choosy.of(failure))) {
      ByteBuffer body = ByteBuffer.wrap(codec.encode(value));
      CodecException refusal = assertThrows(CodecException.class, () -> codec.decode(body));
      assertSame(failure.refusal, refusal.getClass(), refusal.toString());
      assertInstanceOf(failure.cause, refusal.getCause());
      assertEquals(0, body.position());
      assertInstanceOf(Choosy.class, decoded(codec, Choosy.of(Failure.NONE)));
    }
  }

  private static Object decoded(KryoCodec<Object> codec, Object value) throws CodecException {
    return codec.decode(ByteBuffer.wrap(codec.encode(value)));
  }

  @Test
  void aFailedAssertionNamesTheClass() throws CodecException {
    KryoCodec<Object> codec = codec();
    byte[] body = codec.encode(Choosy.of(Failure.ASSERTION));
    CodecException refusal =
        assertThrows(CodecException.class, () -> codec.decode(ByteBuffer.wrap(body)));
    assertTrue(refusal.getMessage().contains("Choosy refused the values"), refusal.getMessage());
  }

  /** The JVM is broken, or the thread is to end: nothing that may be kept from the caller. */
  @SuppressWarnings({"removal", "deprecation"})
  private static List<Error> notOfTheBody() {
    return List.of(new InternalError("broken"), new UnknownError("broken"), new ThreadDeath());
  }

  /** Decodes no body, but fails. */
  private record Failing(Throwable failure) implements Codec<Object> {
    @Override
    public byte[] encode(Object value) {
      return new byte[] {1};
    }

    @Override
    public Object decode(ByteBuffer body) {
      throw FailingClassesTest.<RuntimeException>undeclared(failure);
    }

    @Override
    public Registrations registrations() {
      return Registrations.ofFormat("failing");
    }
  }

  @Test
  void whatIsNotOfTheBodyGoesOnAsItIs() throws Exception {
    for (Error error : notOfTheBody()) {
      KryoCodec<Bare> codec =
          KryoCodec.builder(Bare.class)
              .register(
                  12,
                  Bare.class,
                  new Serializer<Bare>() {
                    @Override
                    public void write(Kryo kryo, Output output, Bare value) {
                      output.writeByte(0);
                    }

                    @Override
                    public Bare read(Kryo kryo, Input input, Class<? extends Bare> type) {
                      throw error;
                    }
                  })
              .build();
      ByteBuffer body = ByteBuffer.wrap(codec.encode(new Bare(Failure.NONE)));
      assertSame(error, assertThrows(Error.class, () -> codec.decode(body)));
      try (TypedSocket<Object> socket =
          TypedSocket.over(loopback(Mode.PLAIN).open(), new Failing(error))) {
        socket.send(at(socket), "any");
        assertSame(error, assertThrows(Error.class, () -> socket.receive(LONG)));
        assertEquals(0, socket.malformed());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void aPeerThatChoosesWhatFailsEndsNoReceiver(Mode mode) throws Exception {
    KryoCodec<Object> codec = codec();
    List<byte[]> bodies = new ArrayList<>();
    for (Failure failure : Failure.values()) {
      if (failure != Failure.NONE) {
        bodies.add(codec.encode(Choosy.of(failure)));
        bodies.add(codec.encode(new Bare(failure)));
      }
    }
    try (MessageSocket peer = loopback(mode).open();
        TypedSocket<Object> socket = TypedSocket.over(loopback(mode).open(), codec)) {
      BlockingQueue<CodecException> told = new LinkedBlockingQueue<>();
      socket.onMalformed((from, why) -> told.add(why));
      int refused = 0;
      for (byte[] body : bodies) {
        peer.send(at(socket), body);
        peer.send(at(socket), codec.encode(Choosy.of(Failure.NONE)));
        assertEquals(new Choosy(Failure.NONE), next(socket).body());
        assertEquals(++refused, socket.malformed());
        assertNotNull(Objects.requireNonNull(told.poll()).getCause());
      }
      assertTrue(told.isEmpty(), told.toString());
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void aCodecOfTheApplicationThatFailsWithAnErrorEndsNoReceiver(Mode mode) throws Exception {
    for (Throwable failure :
        List.of(
            new AssertionError("refused"),
            new NoClassDefFoundError("gone"),
            new StackOverflowError(),
            new OutOfMemoryError("too much"),
            new CheckedException())) {
      try (TypedSocket<Object> socket =
          TypedSocket.over(loopback(mode).open(), new Failing(failure))) {
        BlockingQueue<CodecException> told = new LinkedBlockingQueue<>();
        socket.onMalformed((from, why) -> told.add(why));
        socket.onMessage(message -> {});
        socket.send(at(socket), "any");
        CodecException why = told.poll(LONG.toSeconds(), TimeUnit.SECONDS);
        assertSame(failure, Objects.requireNonNull(why, "nothing was told").getCause());
        assertEquals(1, socket.malformed());
      }
    }
  }
}
