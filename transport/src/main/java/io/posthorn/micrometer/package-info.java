/** What sockets count, for Micrometer; an optional dependency. */
@NullMarked
package io.posthorn.micrometer;

import org.jspecify.annotations.NullMarked;
