package io.posthorn.simulation.checker;

import io.posthorn.Delivery;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.simulation.checker.History.Received;
import io.posthorn.simulation.checker.History.Sent;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Messages by what an application can tell apart: ends, channel, delivery and bytes. Messages that
 * look the same, such as empty ones, are alike in the order in which they were sent.
 */
final class Looks {
  /** What an application can tell apart. */
  record Look(int from, int to, int channel, Delivery delivery, ByteBuffer body) {
    static Look of(Sent sent) {
      return new Look(
          sent.end(), sent.to(), sent.channel(), sent.delivery(), ByteBuffer.wrap(sent.body()));
    }

    static Look of(Received received) {
      return new Look(
          received.from(),
          received.end(),
          received.message().channel(),
          received.message().delivery(),
          ByteBuffer.wrap(received.message().body()));
    }

    /** Bodies differ within their first bytes, or are few; all of a large one takes long. */
    @Override
    public int hashCode() {
      int hash = ((from * 31 + to) * 31 + channel) * 31 + delivery.ordinal();
      hash = hash * 31 + body.limit();
      for (int i = 0; i < Math.min(body.limit(), HASHED_BYTES); i++) {
        hash = hash * 31 + body.get(i);
      }
      return hash;
    }
  }

  private static final int HASHED_BYTES = 8;

  /** The way of messages that are kept in order. */
  record Lane(int from, int to, int channel, Delivery delivery) {
    static Lane of(Sent sent) {
      return new Lane(sent.end(), sent.to(), sent.channel(), sent.delivery());
    }

    static Lane of(Received received) {
      return new Lane(
          received.from(),
          received.end(),
          received.message().channel(),
          received.message().delivery());
    }
  }

  private final Map<Look, Integer> received = new HashMap<>();
  private final Map<Look, Integer> sent = new HashMap<>();
  private final Map<Look, Integer> acknowledged = new HashMap<>();
  private final List<History.Crashed> crashes = new ArrayList<>();
  private final History history;

  Looks(History history) {
    this.history = history;
    for (History.Entry entry : history.entries()) {
      if (entry instanceof History.Crashed crash) {
        crashes.add(crash);
      }
    }
    for (Received message : history.received()) {
      received.merge(Look.of(message), 1, Integer::sum);
    }
    for (Sent message : history.sent()) {
      Look look = Look.of(message);
      sent.merge(look, 1, Integer::sum);
      if (history.outcome(message) == ReceiptOutcome.ACKNOWLEDGED && !crashedSince(message)) {
        acknowledged.merge(look, 1, Integer::sum);
      }
    }
  }

  /** Whether the receiving end died later: its application may not have taken the message. */
  boolean crashedSince(Sent message) {
    for (History.Crashed crash : crashes) {
      if (crash.end() == message.to() && crash.atNanos() >= message.atNanos()) {
        return true;
      }
    }
    return false;
  }

  /** How often something that looks so was sent. */
  int timesSent(Look look) {
    return sent.getOrDefault(look, 0);
  }

  /** How often something that looks so was received. */
  int timesReceived(Look look) {
    return received.getOrDefault(look, 0);
  }

  /**
   * Whether this one was received: of those that look the same, as many as were acknowledged by an
   * end that lived on, if it was acknowledged, and all otherwise.
   */
  boolean isReceived(Sent message) {
    Look look = Look.of(message);
    boolean known = history.outcome(message) == ReceiptOutcome.ACKNOWLEDGED;
    return timesReceived(look) >= (known ? acknowledged.getOrDefault(look, 0) : timesSent(look));
  }

  /** Whether any that looks like this one was received. */
  boolean mayBeReceived(Sent message) {
    return timesReceived(Look.of(message)) > 0;
  }

  /** Messages by lane, in the order of sending. */
  static Map<Lane, List<Sent>> sentByLane(History history) {
    Map<Lane, List<Sent>> lanes = new HashMap<>();
    for (Sent message : history.sent()) {
      lanes.computeIfAbsent(Lane.of(message), none -> new ArrayList<>()).add(message);
    }
    return lanes;
  }

  /** Messages by lane, in the order of receiving. */
  static Map<Lane, List<Received>> receivedByLane(History history) {
    Map<Lane, List<Received>> lanes = new HashMap<>();
    for (Received message : history.received()) {
      lanes.computeIfAbsent(Lane.of(message), none -> new ArrayList<>()).add(message);
    }
    return lanes;
  }
}
