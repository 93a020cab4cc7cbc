/** The three handshake messages: Noise XX or clear, and the parameters they carry. */
@NullMarked
package io.posthorn.protocol.handshake;

import org.jspecify.annotations.NullMarked;
