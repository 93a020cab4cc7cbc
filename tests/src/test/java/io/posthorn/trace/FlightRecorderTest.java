package io.posthorn.trace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.CongestionControl;
import io.posthorn.MessageSocket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Events of the JDK's flight recorder, recorded and read back. */
class FlightRecorderTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void aConversationOverABadNetworkIsRecorded() throws IOException {
    InetSocketAddress anywhere = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    Path file = folder.resolve("posthorn.jfr");
    String peer;
    try (Recording recording = new Recording()) {
      recording.start();
      try (MessageSocket listener = MessageSocket.builder().bind(anywhere).open();
          MessageSocket socket =
              MessageSocket.builder()
                  .bind(anywhere)
                  .congestionControl(CongestionControl.NEW_RENO)
                  .impair("loss 20%")
                  .impairSeed(3)
                  .open()) {
        peer = "127.0.0.1:" + listener.localAddress().getPort();
        byte[] body = new byte[30_000];
        for (int i = 0; i < 5; i++) {
          socket.send(listener.localAddress(), body);
          assertNotNull(listener.receive(Duration.ofSeconds(60)));
        }
      }
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> events =
        RecordingFile.readAllEvents(file).stream()
            .filter(event -> event.getEventType().getName().startsWith("io.posthorn."))
            .collect(Collectors.toList());
    Set<String> names =
        events.stream().map(event -> event.getEventType().getName()).collect(Collectors.toSet());
    for (String name :
        List.of("ConnectionOpened", "ConnectionClosed", "PacketLost", "CongestionState")) {
      assertTrue(names.contains("io.posthorn." + name), name + " is not in " + names);
    }
    RecordedEvent opened =
        events.stream()
            .filter(event -> event.getEventType().getName().endsWith("ConnectionOpened"))
            .filter(event -> peer.equals(event.getString("peer")))
            .findFirst()
            .orElseThrow();
    assertTrue(opened.getString("connection").matches("[0-9a-f]{16}"));
    assertEquals(List.of("Posthorn"), opened.getEventType().getCategoryNames());
    assertNull(opened.getStackTrace());
    RecordedEvent lost =
        events.stream()
            .filter(event -> event.getEventType().getName().endsWith("PacketLost"))
            .filter(event -> opened.getString("connection").equals(event.getString("connection")))
            .findFirst()
            .orElseThrow();
    assertTrue(lost.getInt("lengthBytes") > 0);
  }

  /** A probe timeout takes a silence; in the simulator it takes no time. */
  @Test
  void aSilenceIsRecorded() throws IOException {
    Path file = folder.resolve("silence.jfr");
    try (Recording recording = new Recording()) {
      recording.enable("io.posthorn.ProbeTimeout");
      recording.start();
      TraceListener listener = FlightRecorderEvents.listener();
      assertNotNull(listener);
      TracedPair pair = TracedPair.watchedBy(listener);
      pair.send(0, io.posthorn.Delivery.RELIABLE_ORDERED, "before");
      pair.runUntilReceived(1);
      pair.network.cut(TracedPair.CLIENT, TracedPair.SERVER);
      pair.send(0, io.posthorn.Delivery.RELIABLE_ORDERED, "into the void");
      pair.network.run(Duration.ofSeconds(3));
      pair.network.mend(TracedPair.CLIENT, TracedPair.SERVER);
      pair.runUntilReceived(2);
      pair.close();
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> timeouts =
        RecordingFile.readAllEvents(file).stream()
            .filter(event -> event.getEventType().getName().equals("io.posthorn.ProbeTimeout"))
            .collect(Collectors.toList());
    assertTrue(timeouts.size() >= 2, timeouts.toString());
    assertEquals(1, timeouts.get(0).getInt("count"));
    assertEquals(2, timeouts.get(1).getInt("count"));
  }
}
