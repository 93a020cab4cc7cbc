package io.posthorn.cli.proxy;

import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.Relay;

/** Does what a running proxy is told, from wherever. Safe for all threads. */
public final class ProxyControl {
  private final Relay relay;
  private boolean cut;

  /** Of a relay that nobody else tells anything. */
  public ProxyControl(Relay relay) {
    this.relay = relay;
  }

  /**
   * What an order did.
   *
   * @param before how things were
   * @param now how they are
   */
  public record Change(ProxyState before, ProxyState now) {}

  /** Does it; the end and the figures are the caller's. */
  public synchronized Change obey(ProxyOrder order) {
    ProxyState before = state();
    for (ProxyOrder.Step step : order.steps()) {
      LinkConditions conditions = step.conditions();
      switch (step.verb()) {
        case CUT, MEND -> {
          cut = step.verb() == ProxyOrder.Verb.CUT;
          relay.cut(cut);
        }
        case UP, DOWN, BOTH -> {
          if (conditions != null && step.verb() != ProxyOrder.Verb.DOWN) {
            relay.up(conditions);
          }
          if (conditions != null && step.verb() != ProxyOrder.Verb.UP) {
            relay.down(conditions);
          }
        }
        case CONDITIONS, STATISTICS, QUIT -> {}
      }
    }
    return new Change(before, state());
  }

  /** How things are. */
  public synchronized ProxyState state() {
    return new ProxyState(relay.up().toString(), relay.down().toString(), cut);
  }
}
