package io.posthorn.codec;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.posthorn.MessageSocket;
import io.posthorn.MessageSocketBuilder;
import io.posthorn.Mode;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/** Sockets of values on the loopback device, where plain datagrams arrive too. */
abstract class TypedSocketCase {
  static final Duration LONG = Duration.ofSeconds(20);

  static Stream<Mode> modes() {
    return Stream.of(Mode.values());
  }

  static MessageSocketBuilder loopback(Mode mode) {
    return MessageSocket.builder()
        .mode(mode)
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  static TypedSocket<Object> typed(Mode mode) throws IOException {
    return TypedSocket.over(loopback(mode).open(), Sample.builder().build());
  }

  static InetSocketAddress at(TypedSocket<?> socket) {
    return socket.socket().localAddress();
  }

  static <T> TypedMessage<T> next(TypedSocket<T> socket) throws IOException {
    TypedMessage<T> message = socket.receive(LONG);
    assertNotNull(message, "no message in " + LONG);
    return message;
  }

  static List<Object> graphs() {
    Sample.Node leaf = Sample.Node.of("leaf", 0.5);
    leaf.samples = new long[] {1, -2, Long.MAX_VALUE};
    return List.of(
        new Sample.Point(3, -4),
        new Sample.Line(new Sample.Point(0, 1), null, "a line — with text"),
        Sample.Node.of("root", 2.25, leaf, Sample.Node.of(null, -1, leaf)),
        new Sample.Everything(
            List.of("one", "two"),
            Set.of(Sample.Colour.GREEN, Sample.Colour.RED),
            Map.of("primes", List.of(2, 3, 5)),
            Optional.of(new Sample.Point(7, 8)),
            Instant.ofEpochSecond(1_700_000_000, 123),
            new BigDecimal("19.99"),
            new UUID(1, 2),
            new ArrayList<>(Arrays.asList("any", 1, null))));
  }
}
