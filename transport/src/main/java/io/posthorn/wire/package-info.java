/** Bytes to packets and frames and back: stateless, never throws on input, never allocates. */
@NullMarked
package io.posthorn.wire;

import org.jspecify.annotations.NullMarked;
