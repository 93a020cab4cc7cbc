/** Bulk flows that share one simulated bottleneck, and what is measured of them. */
@NullMarked
package io.posthorn.simulation.flow;

import org.jspecify.annotations.NullMarked;
