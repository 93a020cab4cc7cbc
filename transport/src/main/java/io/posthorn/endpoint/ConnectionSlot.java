package io.posthorn.endpoint;

import io.posthorn.protocol.PeerConnection;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** One connection in the endpoint's table, queues and heap. */
final class ConnectionSlot {
  final PeerConnection connection;

  /** Index in {@link DeadlineQueue}, -1 if it has no deadline. */
  int heapIndex = -1;

  long deadlineNanos = Endpoint.NEVER;

  /** Whether it stands in the queue of those that may have datagrams to send. */
  boolean queuedForTransmit;

  /** Whether it stands in the queue of those that have messages for the application. */
  boolean queuedForReading;

  /** The ids under which the table knows it, the first being the handshake's. */
  long[] tableIds = new long[4];

  int tableIdCount;

  /** Where its peer moved last and is found by, or null if it is where it was met. */
  @Nullable InetSocketAddress movedTo;

  /** Whether it is counted among those that this side opens. */
  boolean countedAsOpening;

  /** Counts when its peer proved to be where it is: of two at one address the higher is there. */
  long proof;

  /** When a hint that the peer has restarted is looked into again. */
  long nextRestartProbeNanos;

  /** When the application took something of it last, or it ended if that was later. */
  long unreadSinceNanos = Endpoint.NEVER;

  /** Whether the application has closed it, perhaps after its end. */
  boolean closedByApplication;

  ConnectionSlot(PeerConnection connection) {
    this.connection = connection;
  }
}
