/** Fuzzing: what all targets share. The targets, {@code *Fuzz}, stand beside what they feed. */
@NullMarked
package io.posthorn.fuzz;

import org.jspecify.annotations.NullMarked;
