package io.posthorn.protocol.channel;

import io.posthorn.protocol.FrameSource;
import io.posthorn.protocol.PacketBuilder;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * CONFIRM frames: the receiving application says that it dealt with a message, and the sender's
 * receipt completes by it. Both directions of one connection; at most {@link #LIMIT} wait in each.
 */
public final class Confirmations implements FrameSource {
  /** Confirmations awaited, and confirmations to be sent. */
  public static final int LIMIT = 65_536;

  private record Name(boolean ordered, int channel, long number) {}

  /** What this side confirms. */
  private static final class Outgoing {
    final Set<Name> unacknowledged = new HashSet<>();

    /** Those of them that are to be written: each once, for an outage has many probes. */
    final Set<Name> toSend = new LinkedHashSet<>();
  }

  /** What the peer is to confirm, in the order in which it was sent, and what it did. */
  private static final class Incoming {
    final Map<Name, Object> expected = new LinkedHashMap<>();
    final ArrayDeque<Object> processed = new ArrayDeque<>(1);
  }

  /** Each made with the first confirmation of its direction: most connections never have one. */
  private @Nullable Outgoing outgoing;

  private @Nullable Incoming incoming;

  /** A message was sent whose confirmation will be reported, unless so many others come first. */
  void expect(boolean ordered, int channel, long number, Object receipt) {
    Incoming from = incoming;
    if (from == null) {
      from = new Incoming();
      incoming = from;
    }
    if (from.expected.size() == LIMIT) {
      // Of those that nobody confirms: the new ones are what a living application asks about.
      Iterator<Name> oldest = from.expected.keySet().iterator();
      oldest.next();
      oldest.remove();
    }
    from.expected.put(new Name(ordered, channel, number), receipt);
  }

  /** A message will never be confirmed. */
  void forget(boolean ordered, int channel, long number) {
    if (incoming != null && !incoming.expected.isEmpty()) {
      incoming.expected.remove(new Name(ordered, channel, number));
    }
  }

  /** The application confirms a message that it received. */
  public void confirm(boolean ordered, int channel, long number) {
    Outgoing to = outgoing;
    if (to == null) {
      to = new Outgoing();
      outgoing = to;
    }
    Name name = new Name(ordered, channel, number);
    if (to.unacknowledged.size() < LIMIT && to.unacknowledged.add(name)) {
      to.toSend.add(name);
    }
  }

  /** The peer confirms a message. */
  public void onConfirm(boolean ordered, int channel, long number) {
    if (incoming != null) {
      Object receipt = incoming.expected.remove(new Name(ordered, channel, number));
      if (receipt != null) {
        incoming.processed.add(receipt);
      }
    }
  }

  /** Takes the next receipt whose message was confirmed, or null. */
  public @Nullable Object pollProcessed() {
    return incoming == null ? null : incoming.processed.poll();
  }

  /** Whether the peer has got all that was to be sent. */
  public boolean isDrained() {
    return outgoing == null || outgoing.unacknowledged.isEmpty();
  }

  private static Name name(long first, long second) {
    return new Name((second & 1) != 0, (int) (second >>> 1), first);
  }

  @Override
  public boolean hasFrames(long nowNanos) {
    return outgoing != null && !outgoing.toSend.isEmpty();
  }

  @Override
  public void writeFrames(PacketBuilder out, long nowNanos) {
    if (outgoing != null) {
      write(outgoing.toSend, out);
    }
  }

  private static void write(Set<Name> toSend, PacketBuilder out) {
    for (Iterator<Name> each = toSend.iterator(); each.hasNext(); ) {
      Name name = each.next();
      if (!out.frames().confirm(name.ordered, name.channel, name.number)) {
        return;
      }
      out.carries(name.number, name.channel * 2L + (name.ordered ? 1 : 0));
      each.remove();
    }
  }

  @Override
  public void onAcknowledged(long first, long second, long nowNanos) {
    if (outgoing != null) {
      Name name = name(first, second);
      outgoing.unacknowledged.remove(name);
      outgoing.toSend.remove(name);
    }
  }

  @Override
  public void onLost(long first, long second, long nowNanos) {
    Name name = name(first, second);
    if (outgoing != null && outgoing.unacknowledged.contains(name)) {
      outgoing.toSend.add(name);
    }
  }

  @Override
  public void onProbe(long first, long second, long nowNanos) {
    onLost(first, second, nowNanos);
  }

  @Override
  public long deadlineNanos() {
    return Long.MAX_VALUE;
  }

  @Override
  public void onTimeout(long nowNanos) {}
}
