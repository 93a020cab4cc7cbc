/** How much may be in flight, and when it may leave. */
@NullMarked
package io.posthorn.protocol.congestion;

import org.jspecify.annotations.NullMarked;
