/** Tests of the handshake. */
@NullMarked
package io.posthorn.protocol.handshake;

import org.jspecify.annotations.NullMarked;
