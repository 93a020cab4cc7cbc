package io.posthorn.testkit.jqwik;

import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.SimulatedNetwork;
import java.time.Duration;
import java.util.List;

/**
 * A network that changes: its conditions at the start, and those that replace them later.
 *
 * @param first from the start
 * @param changes in any order; of two at one time the later in the list prevails
 */
public record NetworkSchedule(LinkConditions first, List<Change> changes) {
  /**
   * Other conditions from a time on.
   *
   * @param atMillis since the start
   * @param conditions of every link
   */
  public record Change(int atMillis, LinkConditions conditions) {
    @Override
    public String toString() {
      return "at " + atMillis + "ms '" + conditions + "'";
    }
  }

  /** A schedule; the list is copied. */
  public NetworkSchedule {
    changes = List.copyOf(changes);
  }

  /** Has the network, before it runs, go through this. */
  public SimulatedNetwork applyTo(SimulatedNetwork network) {
    network.link(first);
    for (Change change : changes) {
      network.at(Duration.ofMillis(change.atMillis()), () -> network.link(change.conditions()));
    }
    return network;
  }

  @Override
  public String toString() {
    return "'" + first + "'" + (changes.isEmpty() ? "" : ", " + changes);
  }
}
