package io.posthorn.cli.trace;

import java.util.List;
import java.util.Map;

/**
 * One line of a list: a packet, or something else that happened.
 *
 * @param nanos since the trace or capture began
 * @param flow whose it is: a connection's id, or addresses; empty if nobody's
 * @param way where a packet went; {@link Way#NONE} for what is no packet
 * @param what the kind of packet, such as {@code M1} or {@code data}, or of event, such as {@code
 *     lost}
 * @param details in their order, numbers or texts or lists of further maps
 * @param frames of a data packet
 */
public record TraceEvent(
    long nanos,
    Flow flow,
    Way way,
    String what,
    Map<String, Object> details,
    List<TraceFrame> frames) {

  /** Where a packet went. */
  public enum Way {
    /** No packet. */
    NONE(""),
    /** To the peer. */
    SENT("sent"),
    /** From the peer. */
    RECEIVED("received"),
    /** From the peer, and dropped. */
    DROPPED("dropped"),
    /** As the addresses say. */
    SEEN("");

    private final String word;

    Way(String word) {
      this.word = word;
    }

    /** The word for it; empty where there is nothing to say. */
    public String word() {
      return word;
    }
  }

  /**
   * Whose an event is.
   *
   * @param connection the connection's id, or empty
   * @param from source of a captured datagram, or empty
   * @param to its destination, or empty
   */
  public record Flow(String connection, String from, String to) {}
}
