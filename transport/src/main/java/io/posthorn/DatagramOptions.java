package io.posthorn;

import java.io.IOException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The options of a {@link ReliableDatagramSocket}: their values before it is bound, by name. */
final class DatagramOptions {
  static final Set<SocketOption<?>> SUPPORTED =
      Set.of(
          StandardSocketOptions.SO_SNDBUF,
          StandardSocketOptions.SO_RCVBUF,
          StandardSocketOptions.SO_REUSEADDR,
          StandardSocketOptions.SO_BROADCAST,
          StandardSocketOptions.IP_TOS);

  private static final SocketOptions DEFAULTS = SocketOptions.defaults(Mode.RELIABLE);
  private static final int LEAST_SEND_BYTES = 128 << 10; // one packet of full length and another
  private static final int LEAST_RECEIVE_BYTES = 256 << 10;

  private volatile int timeoutMillis;
  private volatile int sendBufferBytes;
  private volatile int receiveBufferBytes;

  int timeoutMillis() {
    return timeoutMillis;
  }

  void timeoutMillis(int millis) {
    if (millis < 0) {
      throw new IllegalArgumentException("SO_TIMEOUT " + millis + " ms: expected 0 or more");
    }
    timeoutMillis = millis;
  }

  int sendBufferBytes() {
    return sendBufferBytes == 0 ? DEFAULTS.sendBufferBytes() : sendBufferBytes;
  }

  void sendBufferBytes(int bytes) {
    sendBufferBytes = granted("SO_SNDBUF", bytes, LEAST_SEND_BYTES);
  }

  int receiveBufferBytes() {
    return receiveBufferBytes == 0 ? DEFAULTS.receiveBufferBytes() : receiveBufferBytes;
  }

  void receiveBufferBytes(int bytes) {
    receiveBufferBytes = granted("SO_RCVBUF", bytes, LEAST_RECEIVE_BYTES);
  }

  private static int granted(String name, int bytes, int leastBytes) {
    if (bytes <= 0) {
      throw new IllegalArgumentException(name + " " + bytes + " bytes: expected more than 0");
    }
    return Math.min(Math.max(bytes, leastBytes), MessageSocketBuilder.MOST_BUFFER_BYTES);
  }

  /** What was asked for, and nothing else, goes into the builder. */
  void apply(MessageSocketBuilder builder) {
    if (sendBufferBytes != 0) {
      builder.sendBufferBytes(sendBufferBytes);
    }
    if (receiveBufferBytes != 0) {
      builder.receiveBufferBytes(receiveBufferBytes);
    }
  }

  static void requireTrafficClass(int trafficClass) {
    if (trafficClass < 0 || trafficClass > 255) {
      throw new IllegalArgumentException("IP_TOS " + trafficClass + ": expected 0 to 255");
    }
  }

  /** Sets an option by name, through the method that the contract says is equivalent. */
  static void set(ReliableDatagramSocket socket, SocketOption<?> name, @Nullable Object value)
      throws IOException {
    requireSupported(name);
    if (!name.type().isInstance(value)) {
      throw new IllegalArgumentException(
          name.name() + " " + value + ": expected a value of type " + name.type().getSimpleName());
    }
    if (name == StandardSocketOptions.SO_SNDBUF) {
      socket.setSendBufferSize((Integer) value);
    } else if (name == StandardSocketOptions.SO_RCVBUF) {
      socket.setReceiveBufferSize((Integer) value);
    } else if (name == StandardSocketOptions.SO_REUSEADDR) {
      socket.setReuseAddress((Boolean) value);
    } else if (name == StandardSocketOptions.SO_BROADCAST) {
      socket.setBroadcast((Boolean) value);
    } else {
      socket.setTrafficClass((Integer) value);
    }
  }

  /** The value of an option by name. */
  static <T> T get(ReliableDatagramSocket socket, SocketOption<T> name) throws IOException {
    requireSupported(name);
    Object value;
    if (name == StandardSocketOptions.SO_SNDBUF) {
      value = socket.getSendBufferSize();
    } else if (name == StandardSocketOptions.SO_RCVBUF) {
      value = socket.getReceiveBufferSize();
    } else if (name == StandardSocketOptions.SO_REUSEADDR) {
      value = socket.getReuseAddress();
    } else if (name == StandardSocketOptions.SO_BROADCAST) {
      value = socket.getBroadcast();
    } else {
      value = socket.getTrafficClass();
    }
    return name.type().cast(value);
  }

  private static void requireSupported(SocketOption<?> name) {
    if (!SUPPORTED.contains(Objects.requireNonNull(name, "name"))) {
      throw new UnsupportedOperationException(
          "'" + name.name() + "' is not supported by a reliable socket, which has no groups");
    }
  }
}
