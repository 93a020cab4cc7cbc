/**
 * {@code listen --exec}: a child process for each client, whose standard streams are channels of
 * the client's connection (cli/SESSIONS.md).
 */
@NullMarked
package io.posthorn.cli.exec;

import org.jspecify.annotations.NullMarked;
