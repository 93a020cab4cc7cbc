/**
 * The table of active sockets: what running programs tell of theirs, each through a Unix-domain
 * socket in a folder that only its user may enter, and what the operating system tells of all.
 */
@NullMarked
package io.posthorn.cli.sockets;

import org.jspecify.annotations.NullMarked;
