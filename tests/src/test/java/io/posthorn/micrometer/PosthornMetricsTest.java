package io.posthorn.micrometer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.posthorn.MessageSocket;
import java.lang.ref.WeakReference;
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

  private static MeterRegistry boundToASocketThatNobodyHas() throws Exception {
    MeterRegistry registry = new SimpleMeterRegistry();
    try (MessageSocket socket = open();
        MessageSocket peer = open()) {
      new PosthornMetrics(socket).bindTo(registry);
      socket.send(peer.localAddress(), new byte[1]);
    }
    return registry;
  }

  @Test
  void metersHoldTheirSocket() throws Exception {
    MeterRegistry registry = boundToASocketThatNobodyHas();
    WeakReference<Object> garbage = new WeakReference<>(new Object());
    while (garbage.get() != null) {
      System.gc();
    }
    assertEquals(0, registry.get("posthorn.connections").gauge().value());
    assertEquals(1, registry.get("posthorn.messages.sent").functionCounter().count());
  }

  @Test
  void closingRemovesTheMetersOfThisSocketAlone() throws Exception {
    MeterRegistry registry = new SimpleMeterRegistry();
    try (MessageSocket a = open();
        MessageSocket b = open()) {
      PosthornMetrics ofA = new PosthornMetrics(a);
      ofA.bindTo(registry);
      int each = registry.getMeters().size();
      new PosthornMetrics(b).bindTo(registry);
      ofA.close();
      ofA.close();
      assertEquals(each, registry.getMeters().size());
      String port = String.valueOf(b.localAddress().getPort());
      for (Meter meter : registry.getMeters()) {
        assertEquals(port, meter.getId().getTag("socket"));
      }
    }
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
