/** The test vectors that other implementations are held to, {@code transport/vectors}. */
@NullMarked
package io.posthorn.vectors;

import org.jspecify.annotations.NullMarked;
