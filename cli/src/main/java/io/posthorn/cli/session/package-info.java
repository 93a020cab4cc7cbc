/**
 * Sessions: bytes in both directions over one connection, as {@code connect}, {@code listen} and
 * {@code listen --exec} hold them. cli/SESSIONS.md is the text for peers of other make.
 */
@NullMarked
package io.posthorn.cli.session;

import org.jspecify.annotations.NullMarked;
