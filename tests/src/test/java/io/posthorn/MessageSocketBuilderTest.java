package io.posthorn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** A wrong option is refused by name, value and range. */
class MessageSocketBuilderTest {
  private static void refused(Executable call, String... words) {
    String text = String.valueOf(assertThrows(IllegalArgumentException.class, call).getMessage());
    for (String word : words) {
      assertTrue(text.contains(word), text + " lacks " + word);
    }
  }

  @Test
  void numbersOutOfRangeAreNamed() {
    MessageSocketBuilder builder = MessageSocket.builder();
    refused(() -> builder.maxConnections(0), "maxConnections", "0", "1 to 1000000");
    refused(() -> builder.maxConnections(1_000_001), "1000001");
    refused(() -> builder.sendBufferBytes(1), "sendBufferBytes", "65536 to 1073741824 bytes");
    refused(() -> builder.receiveBufferBytes(-1), "receiveBufferBytes", "-1");
    refused(() -> builder.socketReceiveBytes(1), "socketReceiveBytes");
    refused(() -> builder.maxWholeMessageBytes(0), "maxWholeMessageBytes");
  }

  @Test
  void peersMayFillAThirdOfASmallHeap() {
    SocketOptions small = SocketOptions.defaults(Mode.RELIABLE, 66 << 20);
    assertEquals(22 << 6, small.maxConnections());
    assertEquals(22 << 20, small.socketReceiveBytes());
    SocketOptions tiny = SocketOptions.defaults(Mode.RELIABLE, 1);
    assertEquals(64, tiny.maxConnections());
    assertEquals(64 << 10, tiny.socketReceiveBytes());
    SocketOptions large = SocketOptions.defaults(Mode.RELIABLE, 1L << 40);
    assertEquals(65_536, large.maxConnections());
    assertEquals(256 << 20, large.socketReceiveBytes());
    assertEquals(
        SocketOptions.defaults(Mode.RELIABLE, Runtime.getRuntime().maxMemory()).toString(),
        MessageSocket.builder().options().toString());
  }

  @Test
  void timesOutOfRangeAreNamed() {
    MessageSocketBuilder builder = MessageSocket.builder();
    refused(() -> builder.idleTimeout(Duration.ZERO), "idleTimeout", "PT0S", "PT1S to PT10M");
    refused(() -> builder.handshakeTimeout(Duration.ofHours(1)), "handshakeTimeout", "PT1H");
    refused(() -> builder.linger(Duration.ofSeconds(-1)), "linger", "PT-1S");
    refused(() -> builder.keepAlive(Duration.ZERO), "keepAlive");
    refused(() -> builder.implicitIdle(Duration.ZERO), "implicitIdle");
  }

  /** FAULTS 21, of a socket that is closed; ShutdownTest has what is left open. */
  @Test
  void fault21_closingFlushesForThreeSecondsUnlessToldOtherwise() {
    assertEquals(Duration.ofSeconds(3), MessageSocket.builder().linger);
  }

  @Test
  void familyIsOneOfTwoAndThatOfTheAddress() throws Exception {
    refused(
        () -> MessageSocket.builder().protocolFamily(StandardProtocolFamily.UNIX),
        "UNIX",
        "INET or INET6");
    InetSocketAddress ipv6 = new InetSocketAddress("2001:db8::1", 0);
    refused(
        () -> MessageSocket.builder().bind(ipv6).protocolFamily(StandardProtocolFamily.INET).open(),
        "protocolFamily INET",
        "[2001:db8::1]:0");
    try (MessageSocket all =
        MessageSocket.builder()
            .bind(new InetSocketAddress("0.0.0.0", 0))
            .protocolFamily(StandardProtocolFamily.INET6)
            .open()) {
      assertTrue(all.localAddress().getAddress() instanceof Inet6Address);
    }
  }

  @Test
  void contradictionsAreNamed() {
    refused(
        () ->
            MessageSocket.builder()
                .idleTimeout(Duration.ofSeconds(4))
                .keepAlive(Duration.ofSeconds(2))
                .open(),
        "keepAlive",
        "PT2S",
        "idleTimeout",
        "PT4S");
    refused(
        () ->
            MessageSocket.builder().receiveBufferBytes(262_144).maxWholeMessageBytes(65_537).open(),
        "maxWholeMessageBytes",
        "65537",
        "receiveBufferBytes",
        "quarter",
        "65536");
  }

  @Test
  void impairmentThatCannotBeIsNamed() {
    refused(() -> MessageSocket.builder().impair("loss banana"), "banana");
    refused(() -> MessageSocket.builder().impair("rebind 5s"), "rebind");
  }

  @Test
  void messageOptionsOutOfRangeAreNamed() {
    InetSocketAddress peer = new InetSocketAddress(InetAddress.getLoopbackAddress(), 9);
    refused(() -> Message.to(peer).channel(64), "channel 64", "0 to 63");
    refused(() -> Message.to(peer).channel(-1), "channel -1");
    refused(() -> Message.to(peer).key(-2), "key -2");
    refused(() -> Message.to(peer).expiresAfter(Duration.ZERO), "expiresAfter");
    refused(
        () -> Message.to(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
        "port",
        "1 to 65535");
    refused(
        () -> Message.to(InetSocketAddress.createUnresolved("no-such-host.invalid", 9)),
        "no-such-host.invalid");
  }
}
