/**
 * What happens inside a socket in reliable mode, for people and tools that want to see it.
 *
 * <ul>
 *   <li>{@link io.posthorn.trace.TraceListener}: each event as a method, for code of one's own
 *       ({@code builder.trace(listener)}). While nobody listens to packets, a packet costs one null
 *       test, and nothing is allocated.
 *   <li>{@code builder.trace(path)}, and {@code --trace FILE} of the program: a qlog file, below.
 *   <li>The JDK's flight recorder, always there where the JDK has it: ConnectionOpened,
 *       ConnectionClosed, PacketLost, ProbeTimeout and CongestionState, each with {@code
 *       io.posthorn.} before it.
 * </ul>
 *
 * <h2>qlog</h2>
 *
 * <p>JSON text sequences (RFC 7464; suffix {@code .sqlog}), each record one event; {@code posthorn
 * trace} lists them for people. The events have the names of qlog 0.3
 * (draft-ietf-quic-qlog-main-schema-03 and quic-events-03), which is what viewers such as qvis
 * read, and the fields of today's drafts, which kept them. {@code time} is in milliseconds of a
 * monotonic clock since the socket opened; {@code wall_clock_time} in the first record says when
 * that was. {@code group_id} is the connection's id as {@code posthorn sockets} shows it, or {@code
 * endpoint} for what belongs to none; viewers split the file by it.
 *
 * <table>
 * <caption>Events</caption>
 * <tr><td>connectivity:connection_started, connection_state_updated, connection_closed</td>
 *     <td>opening and end</td></tr>
 * <tr><td>connectivity:path_assigned, mtu_updated</td><td>another address, larger or smaller
 *     datagrams</td></tr>
 * <tr><td>transport:packet_sent, packet_received, packet_dropped</td><td>each packet with its
 *     frames; why it was dropped, in {@code details.reason}</td></tr>
 * <tr><td>recovery:packet_lost, loss_timer_updated, metrics_updated,
 *     congestion_state_updated</td><td>losses, probe timeouts; round trip, window, bytes in flight,
 *     pacing rate; what the congestion controller does</td></tr>
 * <tr><td>security:key_updated</td><td>key phases, never keys</td></tr>
 * <tr><td>loglevel:warning</td><td>events that were left out since the file did not keep
 *     up</td></tr>
 * </table>
 *
 * <p>M1 is shown as {@code initial}, M2 and M3 as {@code handshake}, data as {@code 1RTT}; a
 * channel's bytes as a {@code stream} frame whose {@code stream_id} is the channel. What QUIC has
 * not begins with {@code posthorn_}. No message, key, token or word of an application is in a
 * trace.
 *
 * <p>A file is written by a thread of its own. A disk that is slow or full never holds the socket
 * up: beyond 4 MiB that wait, events are left out, counted and noted in the file; a failure is said
 * once, as a warning of the logger {@code io.posthorn.trace}.
 */
@NullMarked
package io.posthorn.trace;

import org.jspecify.annotations.NullMarked;
