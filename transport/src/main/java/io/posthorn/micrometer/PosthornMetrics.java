package io.posthorn.micrometer;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.posthorn.ConnectionInfo;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.SocketStatistics;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.ToDoubleFunction;

/**
 * Publishes what a socket counts to a Micrometer registry, under names that begin with {@code
 * posthorn.}, each with the tags {@code socket} (its local port) and {@code mode}.
 *
 * <pre>{@code
 * PosthornMetrics metrics = new PosthornMetrics(socket);
 * metrics.bindTo(registry);
 * // and when the socket is closed:
 * metrics.close();
 * }</pre>
 *
 * <p>Counters: {@code datagrams.sent}, {@code datagrams.received}, {@code bytes.sent}, {@code
 * bytes.received}, {@code messages.sent}, {@code messages.received}, {@code packets.lost}, {@code
 * packets.spuriously.lost}, {@code packets.marked}, {@code bytes.retransmitted}, {@code
 * connections.opened}, {@code handler.failures}, {@code datagrams.dropped}, {@code send.errors},
 * {@code sends.blocked}, {@code receive.overflows}. Gauges over the table of connections: {@code
 * connections}, {@code bytes.queued}, {@code bytes.in.flight}.
 *
 * <p>Reading a meter reads the socket's statistics, under its lock; a registry that asks once every
 * some seconds costs nothing that counts. The registry keeps the socket from being collected until
 * {@link #close}; and another socket at the port of one whose meters were not removed has none of
 * its own. Needs {@code micrometer-core}, which is an optional dependency; a module that uses this
 * class requires {@code micrometer.core} itself.
 *
 * <p>Concurrency: any thread may call any method.
 */
@SuppressWarnings("exports") // its readers require micrometer.core; the others must not have to
public final class PosthornMetrics implements MeterBinder, AutoCloseable {
  private record Bound(MeterRegistry registry, Meter meter) {}

  private final MessageSocket socket;
  private final Tags tags;
  private final List<Bound> bound = new CopyOnWriteArrayList<>();

  /** Metrics of this socket. */
  public PosthornMetrics(MessageSocket socket) {
    this(socket, Tags.empty());
  }

  /** Metrics of this socket, with more tags. */
  public PosthornMetrics(MessageSocket socket, Iterable<Tag> tags) {
    this.socket = socket;
    this.tags =
        Tags.of(tags)
            .and("socket", Integer.toString(socket.localAddress().getPort()))
            .and("mode", socket.mode() == Mode.PLAIN ? "plain" : "reliable");
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    count(registry, "datagrams.sent", SocketStatistics::datagramsSent);
    count(registry, "datagrams.received", SocketStatistics::datagramsReceived);
    count(registry, "bytes.sent", SocketStatistics::bytesSent);
    count(registry, "bytes.received", SocketStatistics::bytesReceived);
    count(registry, "messages.sent", SocketStatistics::messagesSent);
    count(registry, "messages.received", SocketStatistics::messagesReceived);
    count(registry, "packets.lost", SocketStatistics::packetsLost);
    count(registry, "packets.spuriously.lost", SocketStatistics::packetsSpuriouslyLost);
    count(registry, "packets.marked", SocketStatistics::packetsMarked);
    count(registry, "bytes.retransmitted", SocketStatistics::bytesRetransmitted);
    count(registry, "connections.opened", SocketStatistics::connectionsOpened);
    count(registry, "handler.failures", SocketStatistics::handlerFailures);
    count(registry, "datagrams.dropped", SocketStatistics::dropsTotal);
    count(registry, "send.errors", SocketStatistics::sendErrorsTotal);
    count(registry, "sends.blocked", SocketStatistics::sendsBlocked);
    count(registry, "receive.overflows", SocketStatistics::receiveOverflows);
    gauge(registry, "connections", info -> 1);
    gauge(registry, "bytes.queued", ConnectionInfo::bytesQueued);
    gauge(registry, "bytes.in.flight", ConnectionInfo::bytesInFlight);
  }

  /** Removes the meters from every registry. The socket stays as it is. */
  @Override
  public void close() {
    List<Bound> all = List.copyOf(bound);
    for (Bound each : all) {
      each.registry.remove(each.meter);
    }
    bound.removeAll(all);
  }

  // A meter holds its object weakly, and its function as long as it lives: so the functions hold
  // the socket.

  private void count(
      MeterRegistry registry, String name, ToDoubleFunction<SocketStatistics> counter) {
    bound.add(
        new Bound(
            registry,
            FunctionCounter.builder(
                    "posthorn." + name, this, any -> counter.applyAsDouble(socket.statistics()))
                .tags(tags)
                .register(registry)));
  }

  private void gauge(MeterRegistry registry, String name, ToDoubleFunction<ConnectionInfo> value) {
    bound.add(
        new Bound(
            registry,
            Gauge.builder(
                    "posthorn." + name,
                    () -> socket.connections().stream().mapToDouble(value).sum())
                .tags(tags)
                .register(registry)));
  }
}
