package io.posthorn.codec;

import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.Receipt;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A {@link MessageSocket} whose messages are values, turned into bodies and back by a {@link
 * Codec}. Works alike in both modes.
 *
 * <pre>{@code
 * record Order(int number, List<String> items) {}
 *
 * Codec<Order> codec = KryoCodec.builder(Order.class).register(10, Order.class).build();
 * MessageSocket socket = MessageSocket.builder().bind(new InetSocketAddress(9000)).open();
 * try (TypedSocket<Order> shop = TypedSocket.over(socket, codec)) {
 *   shop.onMalformed((peer, why) -> System.err.println(peer + ": " + why.getMessage()));
 *   TypedMessage<Order> order = shop.receive();
 *   shop.send(order.from(), new Order(order.body().number(), List.of("thanks")));
 * }
 * }</pre>
 *
 * <p><b>Sending.</b> A value is encoded before the socket hears of it. If the codec refuses it, the
 * caller gets the {@link CodecException} and nothing is sent.
 *
 * <p><b>Receiving.</b> A body that the codec refuses concerns that message alone: it is counted by
 * {@link #malformed()}, told to {@link #onMalformed}, never confirmed, and passed over. Its
 * connection and the messages after it go on. That holds for whatever is thrown while it is read,
 * failed assertions of the application's classes and other errors included, except those by which
 * the JVM says that it is broken, and {@code ThreadDeath}. A body is decoded only when the
 * transport has accepted its message, in reliable mode the whole of it. In plain mode the sender
 * may be anybody, so there the codec is all that stands between the network and the application.
 *
 * <p><b>Both sides</b> need equal {@link Codec#registrations}. In reliable mode their fingerprints
 * are exchanged, sealed, when two sockets connect. Where they differ, nothing is decoded: {@link
 * #onMalformed} is told a {@link CodecException.Different} for each message, and as soon as the two
 * sides have exchanged their lists, which class differs first. A connection that was opened before
 * {@link #over} was called is not compared, nor is one to a peer without a typed socket, or with
 * one of {@link Codec#bytes}.
 *
 * <p><b>JDK 24 and later</b> warn on stderr when Kryo is loaded; {@code -Dkryo.unsafe=false} on the
 * command line of the JVM prevents it (see {@link KryoCodec}).
 *
 * <p>All methods may be called by many threads.
 *
 * @param <T> the type of the values
 */
public final class TypedSocket<T> implements Closeable {
  /** Refused messages that a timed receive passes over after its time, so that a flood ends it. */
  private static final int LATE_LIMIT_MESSAGES = 256;

  private final MessageSocket socket;
  private final Codec<T> codec;
  private final @Nullable RegistrationExchange exchange;
  private final AtomicLong malformed = new AtomicLong();
  private final AtomicReference<@Nullable BiConsumer<InetSocketAddress, CodecException>>
      malformedHandler = new AtomicReference<>();

  private TypedSocket(MessageSocket socket, Codec<T> codec) {
    this.socket = socket;
    this.codec = codec;
    this.exchange =
        codec == Codec.bytes()
            ? null
            : new RegistrationExchange(codec.registrations(), socket.mode() == Mode.RELIABLE);
  }

  /**
   * Sends and receives values by a socket, which belongs to the typed socket from now on: messages
   * that are taken from it directly are missed here.
   *
   * @param socket an open socket without a message handler
   * @param codec the same on both sides
   * @param <T> the type of the values
   * @return the typed socket
   * @throws IllegalArgumentException if the socket was opened with {@code streaming(true)}: a
   *     message in parts cannot be decoded
   */
  public static <T> TypedSocket<T> over(MessageSocket socket, Codec<T> codec) {
    Objects.requireNonNull(codec, "codec");
    if (socket.options().streaming()) {
      throw new IllegalArgumentException(
          "the socket takes messages in parts, which cannot be decoded: open it without"
              + " streaming(true), and with a larger maxWholeMessageBytes if need be");
    }
    if (codec != Codec.bytes()) { // which understand everybody
      socket.announceRegistrations(codec.fingerprint());
    }
    return new TypedSocket<>(socket, codec);
  }

  /**
   * Sends a value, reliable and ordered on channel 0 in reliable mode; waits only for
   * back-pressure.
   *
   * @param peer whom it goes to
   * @param value the value, which may change after the call
   * @throws CodecException if the value cannot be encoded; nothing is sent
   * @throws IOException as {@link MessageSocket#send(Message)}
   */
  public void send(InetSocketAddress peer, T value) throws IOException {
    socket.send(peer, codec.encode(value));
  }

  /**
   * Sends a value with the options of a draft; waits only for back-pressure.
   *
   * <pre>{@code
   * socket.send(Message.to(peer).channel(3).delivery(Delivery.RELIABLE_UNORDERED), value);
   * }</pre>
   *
   * @param draft from {@link Message#to}, or from {@link io.posthorn.Connection#message} to send on
   *     that connection and no other; may be used again
   * @param value the value, which may change after the call
   * @return tells what became of it
   * @throws CodecException if the value cannot be encoded; nothing is sent
   * @throws IOException as {@link MessageSocket#send(Message)}
   */
  public Receipt send(Message.Draft draft, T value) throws IOException {
    return socket.send(draft.body(codec.encode(value)));
  }

  /**
   * Sends a value if there is room for it; never waits.
   *
   * @param draft as {@link #send(Message.Draft, Object)}
   * @param value the value, which may change after the call
   * @return null if there is no room; the value was not taken then
   * @throws CodecException if the value cannot be encoded; nothing is sent
   * @throws IOException as {@link MessageSocket#trySend}
   */
  public @Nullable Receipt trySend(Message.Draft draft, T value) throws IOException {
    return socket.trySend(draft.body(codec.encode(value)));
  }

  /**
   * Waits for the next value of any peer; messages that are refused are passed over.
   *
   * @return the value and where it came from
   * @throws IOException as {@link MessageSocket#receive()}; never a {@link CodecException}
   * @throws IllegalStateException if a handler takes the messages
   */
  public TypedMessage<T> receive() throws IOException {
    while (true) {
      TypedMessage<T> value = decoded(socket.receive());
      if (value != null) {
        return value;
      }
    }
  }

  /**
   * Waits for the next value of any peer for some time; zero or less does not wait. Messages that
   * are refused are passed over and do not prolong it.
   *
   * @param timeout how long
   * @return null if there is none
   * @throws IOException as {@link #receive()}
   */
  public @Nullable TypedMessage<T> receive(Duration timeout) throws IOException {
    long timeoutNanos = Math.max(0, TimeUnit.NANOSECONDS.convert(timeout));
    long startNanos = System.nanoTime();
    long remainingNanos = timeoutNanos;
    int late = 0;
    while (late < LATE_LIMIT_MESSAGES) {
      Message message = socket.receive(Duration.ofNanos(remainingNanos));
      if (message == null) {
        return null;
      }
      TypedMessage<T> value = decoded(message);
      if (value != null) {
        return value;
      }
      remainingNanos = Math.max(0, timeoutNanos - (System.nanoTime() - startNanos));
      late += remainingNanos == 0 ? 1 : 0;
    }
    return null;
  }

  /**
   * Has each value given to a handler, one at a time, on the I/O thread, where it is decoded too;
   * otherwise as {@link MessageSocket#onMessage}.
   *
   * @param handler takes the values
   * @throws IllegalStateException if there is a handler already
   */
  public void onMessage(Consumer<TypedMessage<T>> handler) {
    Objects.requireNonNull(handler, "handler");
    socket.onMessage(
        message -> {
          TypedMessage<T> value = decoded(message);
          if (value != null) {
            handler.accept(value);
          }
        });
  }

  /**
   * Has a handler told of each message that is refused: its sender and why. It runs on the thread
   * that came upon the message: one that receives, perhaps several at once, or the I/O thread. What
   * it throws goes to the caller of {@code receive}, or to where {@link #onMessage} sends it. Set
   * it before the first message is received, or the first ones are only counted.
   *
   * @param handler takes the sender and the reason, whose text holds nothing that the peer chose
   *     but the names in a {@link CodecException.Different}
   * @throws IllegalStateException if there is a handler already
   */
  public void onMalformed(BiConsumer<InetSocketAddress, CodecException> handler) {
    Objects.requireNonNull(handler, "handler");
    if (!malformedHandler.compareAndSet(null, handler)) {
      throw new IllegalStateException("this socket has a handler of malformed messages already");
    }
  }

  /**
   * How many messages were refused so far. {@link io.posthorn.SocketStatistics#messagesReceived}
   * counts them too.
   *
   * @return zero or more
   */
  public long malformed() {
    return malformed.get();
  }

  /** The value of a message, or null if it was refused; that is counted and told then. */
  private @Nullable TypedMessage<T> decoded(Message message) {
    CodecException refusal;
    try {
      RegistrationExchange comparing = exchange;
      refusal = comparing == null ? null : comparing.refusal(message);
      if (refusal == null) {
        // A received message's own array, which nobody else has seen.
        return new TypedMessage<>(codec.decode(ByteBuffer.wrap(message.bytes())), message);
      }
    } catch (CodecException e) {
      refusal = e;
    } catch (Throwable e) {
      // A codec that meets its contract throws nothing else; one that does not must not let a peer
      // end a receiving loop.
      refusal = BodyFailure.of(e, "the codec failed with ");
    }
    malformed.incrementAndGet();
    BiConsumer<InetSocketAddress, CodecException> handler = malformedHandler.get();
    if (handler != null) {
      handler.accept(message.from(), refusal);
    }
    return null;
  }

  /**
   * Stands for the codec's registrations: equal fingerprints mean that both sides understand each
   * other. Sockets in reliable mode exchange it when they connect.
   *
   * @return 32 bytes, a SHA-256
   */
  public byte[] fingerprint() {
    return codec.fingerprint();
  }

  /**
   * The socket underneath, for its connections, statistics and addresses. Take no messages from it.
   *
   * @return the socket that was given
   */
  public MessageSocket socket() {
    return socket;
  }

  /** Closes the socket underneath, as {@link MessageSocket#close()}; who receives is woken. */
  @Override
  public void close() {
    socket.close();
  }
}
