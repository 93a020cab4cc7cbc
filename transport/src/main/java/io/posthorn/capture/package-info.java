/**
 * Captures of packets, as a network analyser takes them or a socket writes them ({@code
 * builder.capture}): read, made readable where the secrets of the connections are at hand ({@code
 * builder.keyLog}), told packet by packet, and written again, for {@code posthorn trace} and for
 * tools of one's own.
 */
@NullMarked
package io.posthorn.capture;

import org.jspecify.annotations.NullMarked;
