/**
 * Fuzzing: what all targets share. The targets, {@code *Fuzz}, stand beside what they feed.
 *
 * <p>Whatever reads bytes that a stranger, a peer or somebody else's file chooses has one, but for
 * the four bytes of length before each message of a stream, which are compared with a bound and are
 * all that is read there ({@code TcpLink}, {@code MessageSource}), and for names of files, which
 * are read as UTF-8 or not at all ({@code Utf8Name}). These parsers have none, since what they read
 * is chosen by nobody but the user or the machine that they run for:
 *
 * <ul>
 *   <li>words of a command line, which picocli cuts and {@code EndpointAddress}, {@code Quantity},
 *       {@code NamePattern}, {@code AssertionParser} and the like read: whoever writes them may as
 *       well write another command;
 *   <li>what the system says: its tables of sockets and services ({@code SystemSockets}, {@code
 *       PortNames}) and of what the machine is like ({@code MachineChecks}), and what stands beside
 *       a datagram, ICMP errors among it ({@code LinuxReceiver}, {@code LinuxErrorQueue}, {@code
 *       SocketAddresses}), in structures of which others choose single numbers;
 *   <li>{@code LabLine} and {@code TcpCarrier}, between two processes of one program.
 * </ul>
 */
@NullMarked
package io.posthorn.fuzz;

import org.jspecify.annotations.NullMarked;
