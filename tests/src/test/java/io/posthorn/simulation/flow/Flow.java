package io.posthorn.simulation.flow;

import io.posthorn.simulation.SimulatedHost;
import java.util.function.LongConsumer;

/** One bulk transfer: a sender that always has more, and its receiver. */
interface Flow {
  /** What the figures call it. */
  String name();

  /** The end that sends. */
  SimulatedHost sender();

  /** The end that receives. */
  SimulatedHost receiver();

  /** Begins to send. */
  void start(long nowNanos);

  /** Who is told of each run of bytes that the receiving application gets. */
  void onDelivered(LongConsumer bytes);

  /** What keeps it from sending more at this moment. */
  String limit(long nowNanos);
}
