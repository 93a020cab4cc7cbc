package io.posthorn.capture;

import io.posthorn.EcnMark;
import java.net.InetSocketAddress;

/**
 * One UDP datagram of a capture.
 *
 * @param nanos when, in nanoseconds since 1970
 * @param from source
 * @param to destination
 * @param ecn the ECN field of its IP header
 * @param payload without IP and UDP headers; belongs to the reader of this
 * @param comment what is to be said of it, empty if nothing
 */
@SuppressWarnings("ArrayRecordComponent") // a datagram is handed on, never compared
public record CapturedDatagram(
    long nanos,
    InetSocketAddress from,
    InetSocketAddress to,
    EcnMark ecn,
    byte[] payload,
    String comment) {
  /** One without a mark of ECN and without a comment. */
  public CapturedDatagram(
      long nanos, InetSocketAddress from, InetSocketAddress to, byte[] payload) {
    this(nanos, from, to, EcnMark.NOT_ECT, payload, "");
  }

  /** The same with another payload. */
  CapturedDatagram with(byte[] other) {
    return new CapturedDatagram(nanos, from, to, ecn, other, comment);
  }

  /** The same with another payload and comment. */
  CapturedDatagram with(byte[] other, String words) {
    return new CapturedDatagram(nanos, from, to, ecn, other, words);
  }
}
