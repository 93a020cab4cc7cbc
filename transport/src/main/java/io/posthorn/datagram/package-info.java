/** What all that stand in the place of a {@code java.net.DatagramSocket} have in common. */
@NullMarked
package io.posthorn.datagram;

import org.jspecify.annotations.NullMarked;
