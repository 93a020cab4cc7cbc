package io.posthorn.protocol.channel;

import io.posthorn.ChannelPriorities;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** The unordered messages that each channel has to send, and which channels may. */
final class MessageQueues {
  /** What one channel has to send. */
  static final class Queue {
    final WaitingMessages waiting = new WaitingMessages();

    /** Those of which something is lost. */
    final ArrayDeque<UnorderedMessage> again = new ArrayDeque<>(1);

    /** The one that is begun and not sent to its end. */
    @Nullable UnorderedMessage current;

    private boolean isEmpty() {
      return waiting.isEmpty() && again.isEmpty() && current == null;
    }

    private void clear() {
      waiting.clear();
      again.clear();
      current = null;
    }
  }

  private final ChannelPriorities priorities;
  private final MessageCredit credit;
  private @Nullable Queue[] queues = new @Nullable Queue[1];
  // One bit a channel whose queue is not empty.
  private long busy;

  MessageQueues(ChannelPriorities priorities, MessageCredit credit) {
    this.priorities = priorities;
    this.credit = credit;
  }

  /** Queues a message that was not begun. */
  void add(UnorderedMessage message) {
    int channel = message.channel;
    queues = ByChannel.withPlace(queues, channel);
    Queue queue = queues[channel];
    if (queue == null) {
      queue = new Queue();
      queues[channel] = queue;
    }
    queue.waiting.add(message);
    busy |= 1L << channel;
  }

  /** Queues a message in the place of one that was begun. */
  void addFirst(UnorderedMessage message) {
    of(message.channel).waiting.addFirst(message);
    busy |= 1L << message.channel;
  }

  /** Queues a message of which something is lost. */
  void addAgain(UnorderedMessage message) {
    of(message.channel).again.add(message);
    busy |= 1L << message.channel;
  }

  /** The queue of a channel that was used; {@link #noteEmpty} after taking something out. */
  Queue of(int channel) {
    Queue queue = queues[channel];
    if (queue == null) {
      throw new IllegalStateException("nothing was ever sent on channel " + channel);
    }
    return queue;
  }

  /** Something was taken out of the queue of this channel. */
  void noteEmpty(int channel) {
    if (of(channel).isEmpty()) {
      busy &= ~(1L << channel);
    }
  }

  /** Takes out the message that this receipt is for, if it was not begun; null if there is none. */
  @Nullable UnorderedMessage removeWaiting(Object receipt) {
    for (long left = busy; left != 0; left &= left - 1) {
      int channel = Long.numberOfTrailingZeros(left);
      WaitingMessages waiting = of(channel).waiting;
      for (UnorderedMessage each = waiting.peek(); each != null; each = each.after) {
        if (each.receipt == receipt) {
          waiting.remove(each);
          noteEmpty(channel);
          return each;
        }
      }
    }
    return null;
  }

  /** One bit for each channel whose queue is not empty. */
  long busy() {
    return busy;
  }

  /** Whether any message waits that was not begun. */
  boolean areAnyWaiting() {
    for (long left = busy; left != 0; left &= left - 1) {
      if (!of(Long.numberOfTrailingZeros(left)).waiting.isEmpty()) {
        return true;
      }
    }
    return false;
  }

  /** One bit for each channel that has something to write that credit allows. */
  long sendableChannels() {
    if (busy == 0) {
      return 0;
    }
    int starved = starvedLevel();
    long sendable = 0;
    for (long left = busy; left != 0; left &= left - 1) {
      int channel = Long.numberOfTrailingZeros(left);
      Queue queue = of(channel);
      if (queue.current != null
          || !queue.again.isEmpty()
          || (priorities.level(channel) > starved && credit.allows(queue.waiting.peek()))) {
        sendable |= 1L << channel;
      }
    }
    return sendable;
  }

  /** Whether credit does not reach for the next message of some channel. */
  boolean isAnyStarved() {
    return starvedLevel() >= 0;
  }

  /**
   * The highest level of a channel whose next message credit does not reach for; -1 if there is
   * none. Nothing may be begun up to that level, or small messages could take for ever what a large
   * one waits for.
   */
  private int starvedLevel() {
    int level = -1;
    for (long left = busy; left != 0; left &= left - 1) {
      int channel = Long.numberOfTrailingZeros(left);
      UnorderedMessage next = of(channel).waiting.peek();
      if (next != null && !credit.allows(next)) {
        level = Math.max(level, priorities.level(channel));
      }
    }
    return level;
  }

  /** Forgets all of them. */
  void clear() {
    for (; busy != 0; busy &= busy - 1) {
      of(Long.numberOfTrailingZeros(busy)).clear();
    }
  }
}
