package io.posthorn;

import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointSetup;
import io.posthorn.endpoint.PlainEndpoint;
import io.posthorn.endpoint.PortShare;
import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.endpoint.SocketChoice;
import io.posthorn.io.DatagramPort;
import io.posthorn.io.PortChoice;
import io.posthorn.io.RemarkedPort;
import io.posthorn.io.SharedPort;
import io.posthorn.protocol.EndpointTrace;
import io.posthorn.protocol.PortLimits;
import io.posthorn.protocol.handshake.StaticKey;
import io.posthorn.runtime.CapturingDatagramPort;
import io.posthorn.runtime.DriverGroup;
import io.posthorn.runtime.ImpairedDatagramPort;
import io.posthorn.runtime.SocketClock;
import io.posthorn.runtime.SocketDriver;
import io.posthorn.simulation.LinkConditions;
import io.posthorn.wire.WireLimits;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * From options to an open socket: the operating system's port or ports, what lies on top of them (a
 * capture, a bad network), an endpoint for each, and the threads that drive them. Whatever was
 * opened is closed again where a later step fails.
 */
final class SocketOpening {
  private final SocketOptions options;
  private final InetSocketAddress bind;
  private final @Nullable ProtocolFamily family;
  private final @Nullable Integer inherited;
  private final boolean sharedPort;
  private final int ioThreads;
  private final boolean portableIo;
  private final LinkConditions impairment;
  private final @Nullable Long impairSeed;
  private final @Nullable Path captureFile;
  private final TraceTargets traceTargets;
  private final Duration linger;
  private final Duration spin;

  /** What was asked for; {@code options} is what came of it. */
  SocketOpening(MessageSocketBuilder asked, SocketOptions options) {
    this.options = options;
    bind = asked.bindOfFamily();
    family = asked.family;
    inherited = asked.inherited;
    sharedPort = asked.sharedPort;
    ioThreads = asked.ioThreads;
    portableIo = asked.portableIo;
    impairment = asked.impairment;
    impairSeed = asked.impairSeed;
    captureFile = asked.captureFile;
    traceTargets = new TraceTargets(asked.traceFile, asked.traceListener, asked.keyLogFile);
    linger = asked.linger;
    spin = asked.spin;
  }

  MessageSocket open() throws IOException {
    return ioThreads > 1 && whyOneThread().isEmpty() ? openGroup() : openOne();
  }

  /** Over a port that is open already, in plain mode. */
  MessageSocket open(DatagramPort port) throws IOException {
    return start(port, null);
  }

  private MessageSocket openOne() throws IOException {
    Integer descriptor = inherited;
    boolean forPackets = isReliable();
    DatagramPort port =
        descriptor == null
            ? PortChoice.open(bind, family, portableIo, forPackets)
            : PortChoice.adopt(descriptor, portableIo, forPackets);
    if (ioThreads > 1) {
      port = new RemarkedPort(port, "; one I/O thread and not " + ioThreads + whyOneThread());
    }
    Path capture = captureFile;
    if (capture != null) {
      port = capturing(port, capture);
    }
    port = impaired(port);
    if (!sharedPort) {
      return start(port, null);
    }
    SharedPort shared = new SharedPort(port);
    return start(shared, shared);
  }

  /** Why there can be but one I/O thread, as far as the options say; "" if there may be more. */
  private String whyOneThread() {
    if (!traceTargets.isEmpty()) {
      return ": a trace and a key log are written by one";
    }
    if (captureFile != null) {
      return ": a capture is written by one";
    }
    if (inherited != null) {
      return ": an inherited socket is one";
    }
    if (isImpaired()) {
      return ": a bad network is one";
    }
    return sharedPort ? ": a socket in plain mode may be beside it" : "";
  }

  private boolean isImpaired() {
    return !impairment.equals(LinkConditions.NONE);
  }

  private DatagramPort impaired(DatagramPort port) {
    if (!isImpaired()) {
      return port;
    }
    Long seed = impairSeed;
    return new ImpairedDatagramPort(
        port, impairment, seed != null ? seed : new SecureRandom().nextLong(), 0);
  }

  private MessageSocket openGroup() throws IOException {
    boolean reliable = isReliable();
    List<? extends DatagramPort> ports =
        PortChoice.openGroup(bind, family, portableIo, reliable, ioThreads, reliable);
    int count = ports.size();
    if (count == 1) {
      return start(ports.get(0), null);
    }
    EndpointTrace trace = openTrace(ports);
    SecureRandom random = new SecureRandom();
    byte[] key = new byte[StaticKey.KEY_BYTES];
    random.nextBytes(key);
    long instanceId = random.nextLong();
    SocketOptions each = options.dividedBy(count);
    List<SocketDriver> drivers = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        DatagramPort port = ports.get(i);
        // What it uses again to tell is of one thread; the flight recorder is of any.
        EndpointTrace own = trace == null ? null : new EndpointTrace(trace.listener(), null);
        PortShare share = new PortShare(new SocketChoice(i, count), StaticKey.of(key), instanceId);
        drivers.add(
            SocketDriver.prepare(
                port,
                isSelf ->
                    reliable
                        ? new ReliableEndpoint(
                            new EndpointSetup(each, new SecureRandom(), isSelf)
                                .withPort(limits(port))
                                .withTrace(own)
                                .withShare(share))
                        : new PlainEndpoint(each),
                SocketClock.nanos(linger),
                SocketClock.nanos(spin)));
      }
    } catch (IOException | RuntimeException | Error failed) {
      for (DatagramPort port : ports) {
        port.close();
      }
      end(trace);
      throw failed;
    } finally {
      Arrays.fill(key, (byte) 0);
    }
    return new MessageSocket(options, linger, DriverGroup.start(drivers), null);
  }

  private static PortLimits limits(DatagramPort port) {
    // A datagram that takes more than a quarter of what the system holds for us is often lost.
    int welcome =
        Math.max(
            WireLimits.MINIMUM_DATAGRAM_BYTES,
            Math.min(WireLimits.MAX_DATAGRAM_BYTES, port.grantedReceiveBufferBytes() / 4));
    return new PortLimits(
        port.localAddress(), port::localAddress, port::largestDatagramBytes, welcome);
  }

  private static DatagramPort capturing(DatagramPort port, Path file) throws IOException {
    try {
      return new CapturingDatagramPort(port, file);
    } catch (IOException | RuntimeException | Error failed) {
      port.close();
      throw failed;
    }
  }

  /**
   * Opens what is told of the socket, once it has its ports: a file that is there is emptied, and
   * whoever has the port by now may be writing it.
   */
  private @Nullable EndpointTrace openTrace(List<? extends DatagramPort> ports) throws IOException {
    try {
      return isReliable() ? traceTargets.open() : null;
    } catch (IOException | RuntimeException | Error failed) {
      for (DatagramPort port : ports) {
        port.close();
      }
      throw failed;
    }
  }

  private static void end(@Nullable EndpointTrace trace) {
    if (trace != null) {
      trace.listener().socketClosed();
      trace.listener().awaitWritten();
    }
  }

  private MessageSocket start(DatagramPort port, @Nullable SharedPort shared) throws IOException {
    EndpointTrace trace = openTrace(List.of(port));
    try {
      PortLimits limits = limits(port);
      SocketDriver driver =
          SocketDriver.prepare(
              port,
              isSelf -> endpoint(isSelf, limits, trace),
              SocketClock.nanos(linger),
              SocketClock.nanos(spin));
      if (trace != null) {
        driver.closesWith(trace.listener()::awaitWritten);
      }
      return new MessageSocket(options, linger, DriverGroup.start(List.of(driver)), shared);
    } catch (IOException | RuntimeException | Error failed) {
      end(trace);
      throw failed;
    }
  }

  private Endpoint endpoint(
      Predicate<InetSocketAddress> isSelf, PortLimits limits, @Nullable EndpointTrace trace) {
    return switch (options.mode()) {
      case PLAIN -> new PlainEndpoint(options);
      case RELIABLE ->
          new ReliableEndpoint(
              new EndpointSetup(options, new SecureRandom(), isSelf)
                  .withPort(limits)
                  .withTrace(trace));
    };
  }

  private boolean isReliable() {
    return options.mode() == Mode.RELIABLE;
  }
}
