package io.posthorn;

import io.posthorn.endpoint.EndpointCounters;
import io.posthorn.io.DatagramPort;
import io.posthorn.runtime.SocketDriver;
import io.posthorn.wire.DropReason;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Copies the counters of a socket. */
final class StatisticsSnapshot {
  private StatisticsSnapshot() {}

  static SocketStatistics of(Mode mode, List<SocketDriver> drivers) {
    SocketStatistics sum = null;
    for (SocketDriver driver : drivers) {
      SocketStatistics one =
          driver.counters((endpoint, port, failures) -> copy(mode, endpoint, port, failures));
      sum = sum == null ? one : sum(sum, one);
    }
    if (sum == null) {
      throw new IllegalStateException("a socket without a driver");
    }
    return sum;
  }

  private static SocketStatistics sum(SocketStatistics a, SocketStatistics b) {
    return new SocketStatistics(
        a.mode(),
        a.ioPath(),
        a.grantedReceiveBufferBytes() + b.grantedReceiveBufferBytes(),
        a.grantedSendBufferBytes() + b.grantedSendBufferBytes(),
        a.datagramsSent() + b.datagramsSent(),
        a.datagramsReceived() + b.datagramsReceived(),
        a.bytesSent() + b.bytesSent(),
        a.bytesReceived() + b.bytesReceived(),
        a.messagesSent() + b.messagesSent(),
        a.messagesReceived() + b.messagesReceived(),
        a.packetsLost() + b.packetsLost(),
        a.packetsSpuriouslyLost() + b.packetsSpuriouslyLost(),
        a.packetsMarked() + b.packetsMarked(),
        a.datagramsReceivedMarked() + b.datagramsReceivedMarked(),
        a.bytesRetransmitted() + b.bytesRetransmitted(),
        a.bytesRepeated() + b.bytesRepeated(),
        a.connectionsOpened() + b.connectionsOpened(),
        a.handlerFailures() + b.handlerFailures(),
        sum(a.drops(), b.drops()),
        sum(a.sendErrors(), b.sendErrors()),
        a.sendsBlocked() + b.sendsBlocked(),
        sum(a.receiveErrors(), b.receiveErrors()),
        a.receiveOverflows() + b.receiveOverflows(),
        sum(a.impairment(), b.impairment()));
  }

  private static Map<String, Long> sum(Map<String, Long> a, Map<String, Long> b) {
    if (a.isEmpty() || b.isEmpty()) {
      return a.isEmpty() ? b : a;
    }
    Map<String, Long> sum = new LinkedHashMap<>(a);
    b.forEach((kind, count) -> sum.merge(kind, count, Long::sum));
    return Collections.unmodifiableMap(sum);
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
        port.counters().blockedSends(),
        port.counters().receiveErrors(),
        port.counters().receiveOverflows(),
        port.counters().impairment());
  }
}
