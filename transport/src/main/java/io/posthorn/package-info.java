/**
 * Messages over UDP: one socket, two modes, chosen by one option.
 *
 * <p>Start at {@code MessageSocket}.
 */
@NullMarked
package io.posthorn;

import org.jspecify.annotations.NullMarked;
