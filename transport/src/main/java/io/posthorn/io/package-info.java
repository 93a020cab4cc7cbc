/** Real datagrams: what a port is, and the JDK's channel as one. */
@NullMarked
package io.posthorn.io;

import org.jspecify.annotations.NullMarked;
