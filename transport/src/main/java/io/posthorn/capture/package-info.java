/**
 * Captures of packets that a network analyser took: read, made readable where the secrets of the
 * connections are at hand ({@code builder.keyLog}), and written again, for {@code posthorn trace}
 * and for tools of one's own.
 */
@NullMarked
package io.posthorn.capture;

import org.jspecify.annotations.NullMarked;
