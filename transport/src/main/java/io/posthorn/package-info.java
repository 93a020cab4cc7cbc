/**
 * Messages over UDP: one socket, two modes, chosen by one option.
 *
 * <p>Start at {@code MessageSocket}.
 *
 * <p><b>Log.</b> The {@linkplain System.Logger system logger} {@code io.posthorn} hears at {@code
 * DEBUG} when sockets and connections open, move and end, and at {@code WARNING} that a socket
 * failed, or refuses peers since a file of keys cannot be relied on any more; {@code
 * io.posthorn.buffers}, at {@code WARNING} and once, that the kernel's ceiling cuts the buffers of
 * sockets, with the remedy. Where no other logger is installed that is {@code java.util.logging};
 * an exception that the application's handler throws goes to its thread's {@link
 * Thread.UncaughtExceptionHandler}.
 *
 * <p><b>Versions.</b> Semantic versioning. Code compiled against one version works with every later
 * one of the same major version; before 1.0, of the same minor one. What counts are the exported
 * packages {@code io.posthorn}, {@code .codec}, {@code .identity}, {@code .micrometer} and {@code
 * .simulation} without what their documentation calls experimental, and the test kit's {@code
 * io.posthorn.testkit}. Interfaces that users implement get new methods only with a default. The
 * protocol has a version of its own: two versions of this library that speak the same one
 * understand each other.
 */
@NullMarked
package io.posthorn;

import org.jspecify.annotations.NullMarked;
