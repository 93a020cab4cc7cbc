package io.posthorn;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.runtime.DriverGroup;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One message: either on its way out, made by {@link #to} and {@link Draft#body(byte[])}, or
 * received. Immutable but for the array that {@link #bytes} hands out, and safe to share.
 *
 * <pre>{@code
 * Message.Draft position = Message.to(peer).delivery(Delivery.RELIABLE_LATEST).key(7);
 * socket.send(position.body("3,4"));
 * socket.send(position.body("3,5")); // takes the place of the other one if that still waits
 * }</pre>
 */
public final class Message {
  private final InetSocketAddress peer;
  private final Draft options;
  private final byte[] body;
  private final @Nullable ReceivedMessage received;
  private final @Nullable MessageInputStream stream;

  private Message(Draft options, byte[] body) {
    this.peer = options.peer;
    this.options = new Draft(options);
    this.body = body;
    this.received = null;
    this.stream = null;
  }

  Message(MessageSocket socket, ReceivedMessage received, @Nullable MessageInputStream stream) {
    this.peer = received.from();
    this.options = new Draft(socket, received.connection(), received.from());
    this.options.channel = received.channel();
    this.options.delivery = received.delivery();
    this.options.key = received.key();
    this.body = received.body();
    this.received = received;
    this.stream = stream;
  }

  /** Begins a message to a peer: reliable and ordered on channel 0, unless said otherwise. */
  public static Draft to(InetSocketAddress peer) {
    return new Draft(null, Endpoint.NO_CONNECTION, SendablePeer.of(peer));
  }

  /** The options of a message that is being made; ends with one of the {@code body} methods. */
  public static final class Draft {
    private final @Nullable MessageSocket socket;
    private final long connection;
    private final InetSocketAddress peer;
    private int channel;
    private Delivery delivery = Delivery.RELIABLE_ORDERED;
    private long key = -1;
    private @Nullable Duration expiresAfter;
    private boolean confirm;

    /**
     * @param socket the one that has the connection; null for {@link Endpoint#NO_CONNECTION}
     */
    Draft(@Nullable MessageSocket socket, long connection, InetSocketAddress peer) {
      this.socket = socket;
      this.connection = connection;
      this.peer = peer;
    }

    private Draft(Draft other) {
      this(other.socket, other.connection, other.peer);
      channel = other.channel;
      delivery = other.delivery;
      key = other.key;
      expiresAfter = other.expiresAfter;
      confirm = other.confirm;
    }

    /**
     * Which of the independent channels carries it; each is ordered for itself. Ignored in plain
     * mode.
     *
     * @param channel 0 to 63, default 0
     */
    public Draft channel(int channel) {
      ChannelPriorities.checkChannel(channel);
      this.channel = channel;
      return this;
    }

    /** What is promised for it; default {@link Delivery#RELIABLE_ORDERED}. Plain mode: nothing. */
    public Draft delivery(Delivery delivery) {
      this.delivery = Objects.requireNonNull(delivery, "delivery");
      return this;
    }

    /**
     * Which older message it replaces, with {@link Delivery#RELIABLE_LATEST}, which this sets.
     *
     * @param key 0 to 2^62 - 1; a connection holds 1,024 different ones, and of more, an older
     *     message may come after a newer one whose key was not used for long
     */
    public Draft key(long key) {
      if (key < 0 || key >= 1L << 62) {
        throw new IllegalArgumentException("key " + key + ": expected 0 to 2^62 - 1");
      }
      this.key = key;
      this.delivery = Delivery.RELIABLE_LATEST;
      return this;
    }

    /** After what time it is too old to be sent, or sent again; default never. */
    public Draft expiresAfter(Duration time) {
      if (time.isNegative() || time.isZero()) {
        throw new IllegalArgumentException("expiresAfter " + time + ": expected more than zero");
      }
      expiresAfter = time;
      return this;
    }

    /**
     * Whether {@link Receipt#processed} is to tell of the receiver's {@link Message#confirm}. Not
     * to be had for unreliable messages.
     */
    public Draft confirm(boolean asked) {
      confirm = asked;
      return this;
    }

    /** The message with a copy of these bytes. */
    public Message body(byte[] bytes) {
      return new Message(this, bytes.clone());
    }

    /** The message with a copy of what remains in the buffer, whose position does not move. */
    public Message body(ByteBuffer buffer) {
      byte[] bytes = new byte[buffer.remaining()];
      buffer.duplicate().get(bytes);
      return new Message(this, bytes);
    }

    /** The message with this text in UTF-8. */
    public Message body(String text) {
      return new Message(this, text.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** The peer: whom it goes to, or whom it came from. */
  public InetSocketAddress peer() {
    return peer;
  }

  /**
   * The sender of a received message, by the address at which its connection was opened; an answer
   * to that finds it also when it has moved. Only if another peer has opened a connection from that
   * address since, as behind an address translator, the address is that one's, and messages of the
   * one that has moved come from where it is now. {@link #connection()} is the sender's in any
   * case.
   */
  public InetSocketAddress from() {
    if (received == null) {
      throw new IllegalStateException("a message on its way out comes from here; see peer()");
    }
    return peer;
  }

  /** The channel, 0 to 63; 0 in plain mode. */
  public int channel() {
    return options.channel;
  }

  /** What was promised for it; {@link Delivery#UNRELIABLE} if received in plain mode. */
  public Delivery delivery() {
    return options.delivery;
  }

  /** Bytes of the body; of a streamed message, of its first part only. */
  public int size() {
    return body.length;
  }

  /** A read-only view of the body. */
  public ByteBuffer body() {
    requireWhole();
    return ByteBuffer.wrap(body).asReadOnlyBuffer();
  }

  /** The body: the message's own array if it was received, else a copy. */
  public byte[] bytes() {
    requireWhole();
    return received != null ? body : body.clone();
  }

  /** The body read as UTF-8; malformed bytes become U+FFFD. */
  public String text() {
    requireWhole();
    return new String(body, StandardCharsets.UTF_8);
  }

  private void requireWhole() {
    if (stream != null) {
      throw new IllegalStateException("a streamed message is read from stream()");
    }
  }

  /**
   * Whether it comes in parts: larger than {@code maxWholeMessageBytes}, or of unknown length. Only
   * on sockets opened with {@code streaming(true)}.
   */
  public boolean isStreamed() {
    return stream != null;
  }

  /**
   * The body as a stream; of a streamed message always the same one. As long as it is not read to
   * its end, its sender waits and later messages of the channel do too. Once the connection has
   * ended, a stream that is not read on for as long as the idle timeout may lose what is left of
   * it, if another connection needs the place or the memory.
   */
  public InputStream stream() {
    MessageInputStream parts = stream;
    return parts != null ? parts : new java.io.ByteArrayInputStream(body);
  }

  /**
   * Tells the sender that the application has dealt with this message. No effect if the sender did
   * not ask, on an unreliable message, in plain mode, or after the connection ended.
   */
  public void confirm() {
    MessageSocket to = options.socket;
    ReceivedMessage message = received;
    if (to == null || message == null) {
      throw new IllegalStateException("only a received message can be confirmed");
    }
    to.drivers().confirm(message);
  }

  /**
   * The connection that brought it, which may have ended; null in plain mode, and if it ended long
   * ago.
   */
  public @Nullable Connection connection() {
    MessageSocket at = options.socket;
    return at == null || received == null ? null : at.connectionOf(received.connection());
  }

  long connectionHandle() {
    return options.connection;
  }

  /** Whether it goes by address, or on a connection of the socket that has these drivers. */
  boolean isSendableBy(DriverGroup drivers) {
    MessageSocket owner = options.socket;
    return options.connection == Endpoint.NO_CONNECTION
        || owner == null
        || owner.drivers() == drivers;
  }

  long key() {
    return options.key;
  }

  @Nullable Duration expiresAfter() {
    return options.expiresAfter;
  }

  boolean isConfirmRequested() {
    return options.confirm;
  }

  /** The array itself, for the endpoint, which does not change it. */
  byte[] array() {
    requireWhole();
    return body;
  }

  @Override
  public String toString() {
    return "Message["
        + (received == null ? "to " : "from ")
        + AddressText.of(peer)
        + ", channel "
        + options.channel
        + ", "
        + options.delivery
        + ", "
        + body.length
        + (stream == null ? " bytes]" : " bytes and more]");
  }
}
