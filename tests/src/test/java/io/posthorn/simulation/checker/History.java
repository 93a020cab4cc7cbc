package io.posthorn.simulation.checker;

import io.posthorn.Delivery;
import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.protocol.ReceivedMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.wire.CloseReason;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What happened at the ends of a run, as their applications saw it, in order. Ends are numbered. An
 * end that crashed and came back counts as a new process of the same end.
 */
public final class History {
  /** Something that happened. */
  public sealed interface Entry {
    /** Virtual time. */
    long atNanos();

    /** The end at which it happened. */
    int end();
  }

  /** An endpoint took a message: it is on its way. */
  public record Sent(
      long atNanos,
      int end,
      int to,
      int process,
      int channel,
      Delivery delivery,
      long key,
      byte[] body,
      boolean expires)
      implements Entry {
    /** Whether it is promised to arrive, whatever its age. */
    public boolean isPromised() {
      return isReliable() && !expires;
    }

    /** Whether it is sent again when it is lost. */
    public boolean isReliable() {
      return delivery != Delivery.UNRELIABLE && delivery != Delivery.UNRELIABLE_SEQUENCED;
    }

    @Override
    public String toString() {
      return millis(atNanos)
          + end
          + " sent to "
          + to
          + ": "
          + delivery
          + (delivery == Delivery.RELIABLE_LATEST ? " key " + key : "")
          + " channel "
          + channel
          + ", "
          + body.length
          + " B";
    }
  }

  /** An endpoint did not take a message. */
  public record Refused(long atNanos, int end, int to, SendOutcome outcome) implements Entry {}

  /** An application was handed a message, or a part of one. */
  public record Received(long atNanos, int end, int from, int process, ReceivedMessage message)
      implements Entry {
    @Override
    public String toString() {
      return millis(atNanos)
          + end
          + " received from "
          + from
          + ": "
          + message.delivery()
          + " channel "
          + message.channel()
          + " number "
          + message.number()
          + ", "
          + message.body().length
          + " B";
    }
  }

  /** A receipt ended. */
  public record Settled(
      long atNanos,
      int end,
      Sent sent,
      ReceiptOutcome outcome,
      @Nullable CloseReason reason,
      boolean mayHaveArrived)
      implements Entry {
    @Override
    public String toString() {
      return millis(atNanos) + end + " settled " + outcome + " " + reason + " of [" + sent + "]";
    }
  }

  /** The receiving application confirmed. */
  public record Processed(long atNanos, int end, Sent sent) implements Entry {}

  /** Any other event. */
  public record Told(long atNanos, int end, int process, EndpointEvent event) implements Entry {
    @Override
    public String toString() {
      return millis(atNanos) + end + " was told " + event;
    }
  }

  /** The process died without a word; another one begins. */
  public record Crashed(long atNanos, int end) implements Entry {}

  private final List<Entry> entries = new ArrayList<>();
  private final Map<Sent, List<Settled>> settled = new IdentityHashMap<>();
  private final List<Sent> sent = new ArrayList<>();
  private final List<Received> received = new ArrayList<>();
  private final Set<Sent> gone = Collections.newSetFromMap(new IdentityHashMap<>());
  private int unsettled;

  private static String millis(long nanos) {
    return nanos / 1_000_000 + "ms ";
  }

  /** Adds what happened now. */
  public void add(Entry entry) {
    entries.add(entry);
    if (entry instanceof Sent message) {
      sent.add(message);
      unsettled++;
    } else if (entry instanceof Received message) {
      received.add(message);
    } else if (entry instanceof Settled end) {
      List<Settled> ends = settled.computeIfAbsent(end.sent(), none -> new ArrayList<>(1));
      ends.add(end);
      if (ends.size() == 1) {
        unsettled--;
      }
    } else if (entry instanceof Crashed crash) {
      for (Sent message : sent) {
        if (message.end() == crash.end() && settled(message).isEmpty() && gone.add(message)) {
          unsettled--;
        }
      }
    }
  }

  /** All of it. */
  public List<Entry> entries() {
    return entries;
  }

  /** Messages on their way, over all ends, in the order in which they were taken. */
  public List<Sent> sent() {
    return sent;
  }

  /** Messages handed over, over all ends. */
  public List<Received> received() {
    return received;
  }

  /** How the receipt of a message ended: one entry, or there is a mistake. */
  public List<Settled> settled(Sent message) {
    return settled.getOrDefault(message, List.of());
  }

  /** The one outcome of a message; null before it is known. */
  public @Nullable ReceiptOutcome outcome(Sent message) {
    List<Settled> ends = settled(message);
    return ends.isEmpty() ? null : ends.get(0).outcome();
  }

  /** Whether the process that sent a message died before it knew the outcome. */
  public boolean isGone(Sent message) {
    return gone.contains(message);
  }

  /** Messages whose receipts have not ended, but for those of processes that died. */
  public int unsettled() {
    return unsettled;
  }

  /** Events of one kind at one end. */
  public <T extends EndpointEvent> List<T> told(int end, Class<T> type) {
    List<T> found = new ArrayList<>();
    for (Entry entry : entries) {
      if (entry instanceof Told told && told.end() == end && type.isInstance(told.event())) {
        found.add(type.cast(told.event()));
      }
    }
    return found;
  }

  /** One line for each entry. */
  @Override
  public String toString() {
    StringBuilder lines = new StringBuilder();
    int from = Math.max(0, entries.size() - 400);
    if (from > 0) {
      lines.append("... ").append(from).append(" entries before\n");
    }
    for (Entry entry : entries.subList(from, entries.size())) {
      lines.append(entry).append('\n');
    }
    return lines.toString();
  }
}
