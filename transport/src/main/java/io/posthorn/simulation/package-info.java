/**
 * A bad network, on purpose and from a seed: in virtual time, or between real sockets.
 *
 * <p>{@link io.posthorn.simulation.LinkConditions} is the one language that says how bad a link is.
 * {@link io.posthorn.simulation.SimulatedNetwork} runs any number of {@link
 * io.posthorn.simulation.SimulatedHost}s in one thread under a virtual clock; {@link
 * io.posthorn.simulation.Relay} puts the same links between real sockets.
 */
@NullMarked
package io.posthorn.simulation;

import org.jspecify.annotations.NullMarked;
