/**
 * A network laboratory that needs no root: a namespace with one TUN device, through which the
 * kernel's own TCP and UDP lose real packets.
 *
 * <p>A Java process has many threads and so cannot enter a user namespace itself. {@link
 * io.posthorn.cli.lab.LabProcess} therefore starts a second Java process under {@code setsid(1)}
 * and {@code unshare(1)}, out of reach of the terminal's signals, whose {@link
 * io.posthorn.cli.lab.LabMain} opens the device, emulates the links and runs the flows that the
 * first asks for.
 */
@NullMarked
package io.posthorn.cli.lab;

import org.jspecify.annotations.NullMarked;
