/** What a path to a peer is like, and what this machine is like, found out by trying. */
@NullMarked
package io.posthorn.cli.probe;

import org.jspecify.annotations.NullMarked;
