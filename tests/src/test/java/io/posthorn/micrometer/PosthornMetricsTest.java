package io.posthorn.micrometer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.posthorn.MessageSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PosthornMetricsTest {
  private static MessageSocket open() throws Exception {
    return MessageSocket.builder()
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .open();
  }

  @Test
  void metersTellWhatTheSocketCounts() throws Exception {
    MeterRegistry registry = new SimpleMeterRegistry();
    try (MessageSocket a = open();
        MessageSocket b = open()) {
      new PosthornMetrics(a, Tags.of("service", "post")).bindTo(registry);
      new PosthornMetrics(b).bindTo(registry);
      for (int i = 0; i < 3; i++) {
        a.send(b.localAddress(), new byte[100]);
        assertNotNull(b.receive(Duration.ofSeconds(20)));
      }
      String port = String.valueOf(a.localAddress().getPort());
      assertEquals(
          3,
          registry
              .get("posthorn.messages.sent")
              .tags("socket", port, "mode", "reliable", "service", "post")
              .functionCounter()
              .count());
      assertEquals(1, registry.get("posthorn.connections").tag("socket", port).gauge().value());
      String other = String.valueOf(b.localAddress().getPort());
      assertEquals(
          3,
          registry
              .get("posthorn.messages.received")
              .tag("socket", other)
              .functionCounter()
              .count());
      long before = b.statistics().datagramsReceived();
      double datagrams =
          registry
              .get("posthorn.datagrams.received")
              .tag("socket", other)
              .functionCounter()
              .count();
      long after = b.statistics().datagramsReceived(); // an acknowledgement may come any time
      assertTrue(
          before <= datagrams && datagrams <= after, before + ", " + datagrams + ", " + after);
      assertTrue(
          registry.get("posthorn.bytes.sent").tag("socket", port).functionCounter().count() > 300);
    }
  }
}
