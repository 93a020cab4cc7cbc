package io.posthorn.capture;

import io.posthorn.trace.TracedFrames;
import java.util.Map;

/**
 * Told what the packets of a captured datagram are, one method a kind of packet (PROTOCOL.md §3).
 * Lengths are in bytes; ids are those of connections.
 */
public interface PacketVisitor {
  /**
   * M1, the first handshake message.
   *
   * @param suite its number (PROTOCOL.md §3.1); -1 where the version is not known here
   * @param cookieBytes 0 if it carries none
   */
  default void firstMessage(
      int lengthBytes, int version, int suite, long initiatorId, int cookieBytes) {}

  /**
   * M2, the second handshake message.
   *
   * @param parameters the transport parameters by name, in their order; empty while they are sealed
   */
  default void secondMessage(
      int lengthBytes, long initiatorId, long responderId, Map<String, Object> parameters) {}

  /**
   * M3, the third handshake message; a data packet behind it is told as one of its own.
   *
   * @param lengthBytes without that
   * @param parameters as for M2
   */
  default void thirdMessage(int lengthBytes, long responderId, Map<String, Object> parameters) {}

  /**
   * A control packet.
   *
   * @param kind "retry", "versions", "refused" or "unknown connection"
   * @param words what it says, empty for a hint
   */
  default void control(int lengthBytes, String kind, long connectionId, String words) {}

  /**
   * A data packet that stands in clear.
   *
   * @param keyPhase its bit
   * @param frames borrowed for the call
   */
  default void data(
      int lengthBytes, long destinationId, int keyPhase, long packetNumber, TracedFrames frames) {}

  /** A data packet that is sealed, or damaged, or a reset. */
  default void sealed(int lengthBytes, long destinationId) {}

  /** No packet of this protocol. */
  default void other(int lengthBytes) {}
}
