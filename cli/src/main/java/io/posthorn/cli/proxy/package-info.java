/** The bad network as a tool: what {@code proxy} is told while it runs, and what it tells. */
@NullMarked
package io.posthorn.cli.proxy;

import org.jspecify.annotations.NullMarked;
