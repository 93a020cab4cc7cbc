package io.posthorn.simulation;

import java.util.PriorityQueue;

/**
 * What a {@link SimulatedNetwork} is to do at given times: the earliest first, and at one instant
 * in the order in which it was asked for.
 */
final class ScheduledActions {
  private record Action(long atNanos, long order, Runnable body) implements Comparable<Action> {
    @Override
    public int compareTo(Action that) {
      int byTime = Long.compare(atNanos, that.atNanos);
      return byTime != 0 ? byTime : Long.compare(order, that.order);
    }
  }

  private final PriorityQueue<Action> actions = new PriorityQueue<>();
  private long order;

  void add(long atNanos, Runnable body) {
    actions.add(new Action(atNanos, order++, body));
  }

  /** When the next is due; {@link DeadlineHeap#NEVER} if there is none. */
  long nextNanos() {
    Action next = actions.peek();
    return next == null ? DeadlineHeap.NEVER : next.atNanos();
  }

  /** Does the next, which may ask for others. */
  void runNext() {
    actions.remove().body().run();
  }
}
