/**
 * Real datagrams: what a port is, and the JDK's channel as one. The fast port of Linux answers from
 * the address that the peer wrote to ({@link io.posthorn.io.PeerAddress}); through the portable one
 * a socket of all addresses answers from the one that the system's routes name. And the fast one
 * can be asked what ICMP says of peers ({@link io.posthorn.io.DatagramPort#hearIcmp}), which the
 * portable one does not hear, and is told what the system dropped for want of room ({@link
 * io.posthorn.io.PortCounters#receiveOverflows}), which the portable one cannot know.
 */
@NullMarked
package io.posthorn.io;

import org.jspecify.annotations.NullMarked;
