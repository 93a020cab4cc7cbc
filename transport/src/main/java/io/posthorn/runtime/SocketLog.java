package io.posthorn.runtime;

import io.posthorn.AddressText;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.io.DatagramPort;
import io.posthorn.io.WantedBuffers;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What sockets tell the system's logger {@code io.posthorn}: at DEBUG what opens, moves and ends,
 * at WARNING that a socket failed, or refuses peers for its own files; and {@code
 * io.posthorn.buffers}, once in a process, that the kernel cuts the buffers of its sockets. Cold
 * events only, nothing that the network wrote, no secret; and never under a socket's lock, for
 * nobody knows how long a log takes.
 */
final class SocketLog {
  private static final System.Logger LOGGER = System.getLogger("io.posthorn");

  /** By itself, so that it can be switched off where nobody can raise the ceiling. */
  private static final System.Logger BUFFERS = System.getLogger("io.posthorn.buffers");

  /** The reason is the machine's, and the same for every socket. */
  static final AtomicBoolean BUFFERS_TOLD = new AtomicBoolean();

  private SocketLog() {}

  private static boolean isOn() {
    return LOGGER.isLoggable(Level.DEBUG);
  }

  /** A socket has opened; called under no lock. */
  static void opened(DatagramPort port) {
    if (isOn()) {
      LOGGER.log(Level.DEBUG, "socket {0} opened: {1}", local(port), port.description());
    }
    String cut = WantedBuffers.cut(port);
    if (!cut.isEmpty() && BUFFERS_TOLD.compareAndSet(false, true)) {
      BUFFERS.log(Level.WARNING, "socket {0}: {1}", local(port), cut);
    }
  }

  static void connected(SocketLoop loop, EndpointEvent.Connected event) {
    if (isOn()) {
      String how = event.openedHere() ? "opened" : "accepted";
      String fingerprint = event.peerFingerprint();
      String key = fingerprint == null ? "in clear" : fingerprint;
      String peer = AddressText.of(event.peer());
      loop.later(() -> tell(loop, "connection with " + peer + " " + how + ", " + key));
    }
  }

  static void icmpHeard(SocketLoop loop, EndpointEvent.IcmpHeard event) {
    if (isOn()) {
      String what =
          "ICMP, which anybody can forge, says of %s: %s; it is asked on"
              .formatted(AddressText.of(event.peer()), event.hint());
      loop.later(() -> tell(loop, what));
    }
  }

  static void moved(SocketLoop loop, EndpointEvent.PathChanged event) {
    if (isOn()) {
      String what =
          "peer moved from "
              + AddressText.of(event.before())
              + " to "
              + AddressText.of(event.after());
      loop.later(() -> tell(loop, what));
    }
  }

  static void closed(SocketLoop loop, EndpointEvent.Closed event) {
    if (isOn()) {
      String who = event.byPeer() ? " by the peer" : "";
      String what =
          "connection with %s ended%s: %s, %d messages unacknowledged"
              .formatted(AddressText.of(event.peer()), who, event.reason(), event.unacknowledged());
      loop.later(() -> tell(loop, what));
    }
  }

  /**
   * A socket ends by itself: since what lies beneath it was closed, as at the end of a program, or
   * since something is wrong with the system or with this code. Called under no lock.
   */
  static void failed(SocketLoop loop, Throwable cause) {
    Level level = cause instanceof ClosedChannelException ? Level.DEBUG : Level.WARNING;
    LOGGER.log(level, "socket {0} failed and is closed: {1}", local(loop.port), cause);
    LOGGER.log(Level.DEBUG, "why the socket failed", cause);
  }

  /** Peers are refused since what this side knows them by cannot be relied on; under no lock. */
  static void refusing(SocketLoop loop, String why) {
    LOGGER.log(Level.WARNING, "socket {0} refuses peers: {1}", local(loop.port), why);
  }

  private static void tell(SocketLoop loop, String what) {
    LOGGER.log(Level.DEBUG, "socket {0}: {1}", local(loop.port), what);
  }

  private static String local(DatagramPort port) {
    return AddressText.of(port.localAddress());
  }
}
