package io.posthorn.protocol;

import io.posthorn.protocol.protection.PacketProtection;
import io.posthorn.protocol.recovery.PacketRecovery;
import io.posthorn.trace.KeyLog;
import io.posthorn.trace.TraceListener;
import java.net.InetSocketAddress;

/** Tells what becomes of one connection, and only what is new. */
final class ConnectionTrace {
  private final EndpointTrace shared;
  private final TraceListener listener;
  private long id;
  private final InetSocketAddress alias;
  private String congestionState = "";
  private boolean closed;
  private int probeTimeouts;

  /**
   * Makes one.
   *
   * @param id the connection's, as the application sees it
   * @param alias where the peer was met
   */
  ConnectionTrace(EndpointTrace shared, long id, InetSocketAddress alias) {
    this.shared = shared;
    this.listener = shared.listener;
    this.id = id;
    this.alias = alias;
  }

  TraceListener listener() {
    return listener;
  }

  void started(boolean openedHere, long nowNanos) {
    listener.connectionStarted(nowNanos, id, alias, openedHere);
  }

  /** The own attempt has become the connection that the peer opened meanwhile. */
  void adopted(long newId, long nowNanos) {
    id = newId;
    started(false, nowNanos);
  }

  void opened(long nowNanos) {
    listener.connectionOpened(nowNanos, id, alias);
  }

  /** Tells of the end, once it has come. */
  void end(Ending ending, long nowNanos) {
    ConnectionEnd how = ending.end();
    if (closed || how == null || !ending.isOver()) {
      return;
    }
    closed = true;
    listener.connectionClosed(
        nowNanos,
        id,
        alias,
        how.reason().name(),
        how.reason().code(),
        how.byPeer(),
        how.applicationCode());
  }

  /** The handshake is done: whoever logs keys learns them. */
  void keys(PacketProtection protection, boolean openedHere, long localId, long remoteId) {
    KeyLog log = shared.keyLog;
    if (log != null) {
      protection.revealSecrets(
          (sending, receiving) -> {
            if (openedHere) {
              log.secrets(localId, remoteId, sending, receiving);
            } else {
              log.secrets(remoteId, localId, receiving, sending);
            }
          });
    }
  }

  /** An acknowledgement came, or a timer ended. */
  void recovery(PacketRecovery recovery, long nowNanos) {
    int timeouts = recovery.probes().sinceAcknowledgement();
    if (timeouts > probeTimeouts) {
      listener.probeTimeout(nowNanos, id, timeouts);
    }
    String state = recovery.controller().state();
    if (!state.equals(congestionState)) {
      listener.congestionStateUpdated(nowNanos, id, congestionState, state);
      congestionState = state;
    }
    probeTimeouts = timeouts;
  }
}
