package io.posthorn.runtime;

import io.posthorn.CloseReport;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.protocol.AddressZone;
import io.posthorn.wire.IcmpHint;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What the runtime knows of one connection. Written under the driver's lock. */
public final class ConnectionRecord {
  private static final byte[] NO_KEY = {};

  private final SocketLoop driver;
  private final long handle;

  private volatile InetSocketAddress name;
  private volatile InetSocketAddress peer;
  private volatile boolean connected;
  private volatile byte[] peerKey = NO_KEY;
  private volatile byte @Nullable [] peerRegistrations;
  private volatile String peerApplication = "";
  private volatile @Nullable IcmpHint icmpHint;
  private volatile EndpointEvent.@Nullable Closed closed;
  private @Nullable EndFuture closedFuture;
  private boolean failureExpected;

  ConnectionRecord(SocketLoop driver, long handle, InetSocketAddress peer) {
    this.driver = driver;
    this.handle = handle;
    this.name = peer;
    this.peer = peer;
  }

  /** The endpoint's handle. */
  public long handle() {
    return handle;
  }

  /** Where the peer is now. */
  public InetSocketAddress peer() {
    return peer;
  }

  /** What the peer's application says it speaks; empty until it is open. */
  public String peerApplication() {
    return peerApplication;
  }

  /** Whether it was ever open. */
  public boolean isConnected() {
    return connected;
  }

  /** What ICMP said last while it was opening; null for nothing. */
  public @Nullable IcmpHint icmpHint() {
    return icmpHint;
  }

  /** The peer's static key, not to be changed; empty in clear and before it is open. */
  public byte[] peerKey() {
    return peerKey;
  }

  /** Fingerprint of what the peer's codec knows; null if it did not tell. */
  public byte @Nullable [] peerRegistrations() {
    return peerRegistrations;
  }

  /** How it ended, or null while it has not. */
  public EndpointEvent.@Nullable Closed closed() {
    return closed;
  }

  /**
   * Completes when the connection ends, never exceptionally. It is one for all who ask: what nobody
   * looks at any more would stay until then too.
   *
   * @param toReport always the same
   */
  public CompletableFuture<CloseReport> closedFuture(
      Function<EndpointEvent.Closed, CloseReport> toReport) {
    return driver.locked(
        () -> {
          EndFuture future = closedFuture;
          if (future == null) {
            future = new EndFuture(driver, toReport);
            closedFuture = future;
            EndpointEvent.Closed end = closed;
            if (end != null) {
              future.end(end); // nobody can depend on it yet: no foreign code runs here
            }
          }
          return future;
        });
  }

  /** Whether a message for this address goes to this connection. */
  public boolean isReachedBy(InetSocketAddress address) {
    return AddressZone.isSame(name, address);
  }

  /** Answers whether this is news. */
  boolean markConnected(EndpointEvent.Connected event) {
    boolean before = connected;
    peerKey = event.peerKey();
    peerRegistrations = event.peerRegistrations();
    peerApplication = event.peerApplication();
    connected = true;
    return !before;
  }

  void markIcmp(IcmpHint hint) {
    icmpHint = hint;
  }

  /** Somebody who did not wait is to be told if it never opens, or has been; with the lock. */
  void expectFailure(boolean yes) {
    failureExpected = yes;
  }

  boolean isFailureExpected() {
    return failureExpected;
  }

  void moved(InetSocketAddress to) {
    peer = to;
  }

  void renamed(InetSocketAddress to) {
    name = to;
  }

  void markClosed(EndpointEvent.Closed end) {
    closed = end;
    EndFuture future = closedFuture;
    if (future != null) {
      driver.later(() -> future.end(end));
    }
  }
}
