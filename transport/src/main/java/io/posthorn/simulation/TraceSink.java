package io.posthorn.simulation;

import java.net.InetSocketAddress;

/** Takes note of every datagram event of a {@link SimulatedNetwork}. */
@FunctionalInterface
public interface TraceSink {
  /**
   * A datagram was sent, or came out of its link.
   *
   * @param nowNanos virtual time
   * @param from source address as the network shows it
   * @param to destination address
   * @param number the n-th datagram of this direction, from 1
   * @param lengthBytes of the UDP payload
   * @param crc32c of the payload: as it was sent, or as it arrived
   * @param fate a {@link DatagramFate} in small letters; what {@code passed} may carry {@code
   *     +duplicated}, {@code +reordered}, {@code +corrupted} and {@code +marked}, in this order,
   *     and what came out of a link as a copy {@code +copy}
   */
  void onDatagram(
      long nowNanos,
      InetSocketAddress from,
      InetSocketAddress to,
      long number,
      int lengthBytes,
      int crc32c,
      String fate);
}
