/** Threads, locks and the clock: drives an endpoint on a real socket. */
@NullMarked
package io.posthorn.runtime;

import org.jspecify.annotations.NullMarked;
