/**
 * Test kit: a bad network for tests of anything that speaks UDP. {@link io.posthorn.testkit
 * .BadNetwork} is for JUnit Jupiter and real sockets; {@code io.posthorn.testkit.jqwik} draws
 * networks for properties; {@code io.posthorn.simulation} of the library itself runs them in
 * virtual time, and {@link io.posthorn.testkit.SimulatedRun} leaves a trace of those that fail.
 */
@NullMarked
package io.posthorn.testkit;

import org.jspecify.annotations.NullMarked;
