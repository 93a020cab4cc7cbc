/** One connection: handshake, packet protection, recovery, channels, paths. Sans-IO. */
@NullMarked
package io.posthorn.protocol;

import org.jspecify.annotations.NullMarked;
