/** The {@code posthorn} program: one command a file. */
@NullMarked
package io.posthorn.cli;

import org.jspecify.annotations.NullMarked;
