/** What a run must not have done, read from its history alone. */
@NullMarked
package io.posthorn.simulation.checker;

import org.jspecify.annotations.NullMarked;
