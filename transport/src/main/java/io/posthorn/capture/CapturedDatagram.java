package io.posthorn.capture;

import java.net.InetSocketAddress;

/**
 * One UDP datagram of a capture.
 *
 * @param nanos when, in nanoseconds since 1970
 * @param from source
 * @param to destination
 * @param payload without IP and UDP headers; belongs to the reader of this
 */
@SuppressWarnings("ArrayRecordComponent") // a datagram is handed on, never compared
public record CapturedDatagram(
    long nanos, InetSocketAddress from, InetSocketAddress to, byte[] payload) {}
