package io.posthorn;

import io.posthorn.endpoint.EndpointCounters;
import io.posthorn.io.DatagramPort;
import io.posthorn.runtime.SocketDriver;
import io.posthorn.wire.DropReason;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Copies the counters of a socket. */
final class StatisticsSnapshot {
  private StatisticsSnapshot() {}

  static SocketStatistics of(Mode mode, SocketDriver driver) {
    return driver.counters((endpoint, port, failures) -> copy(mode, endpoint, port, failures));
  }

  private static SocketStatistics copy(
      Mode mode, EndpointCounters endpoint, DatagramPort port, long handlerFailures) {
    Map<String, Long> drops = new LinkedHashMap<>();
    for (int i = 0; i < DropReason.count(); i++) {
      DropReason reason = DropReason.of(i);
      if (endpoint.drops(reason) != 0) {
        drops.put(reason.name(), endpoint.drops(reason));
      }
    }
    return new SocketStatistics(
        mode,
        port.description(),
        port.grantedReceiveBufferBytes(),
        port.grantedSendBufferBytes(),
        endpoint.datagramsSent,
        endpoint.datagramsReceived,
        endpoint.bytesSent,
        endpoint.bytesReceived,
        endpoint.messagesSent,
        endpoint.messagesReceived,
        endpoint.packetsLost,
        endpoint.packetsSpuriouslyLost,
        endpoint.packetsMarked,
        endpoint.datagramsReceivedMarked,
        endpoint.bytesRetransmitted,
        endpoint.bytesRepeated,
        endpoint.connectionsOpened,
        handlerFailures,
        Collections.unmodifiableMap(drops),
        port.counters().sendErrors(),
        port.counters().receiveErrors(),
        port.counters().impairment());
  }
}
