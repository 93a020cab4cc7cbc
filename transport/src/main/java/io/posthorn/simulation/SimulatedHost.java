package io.posthorn.simulation;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.function.BiConsumer;

/**
 * A protocol without sockets, threads and clock, that {@link SimulatedNetwork} can run.
 *
 * <p>The network calls one method at a time, from the one thread that runs it. After each {@link
 * #onTimeout}, and after the {@link #onDatagram}s of what came from one host at one instant, it
 * collects what is to be sent and asks for the next deadline. So a host may have to answer several
 * datagrams at once. Whoever changes a host from outside between two runs of the network need do
 * nothing: each run starts by asking every host. Time is {@link VirtualClock}'s.
 *
 * <p>The interface names types of the JDK alone. The ECN field of an IP header, for protocols that
 * use it, is its two bits as a number (RFC 3168 §5): 0 not ECN-capable, 1 ECT(1), 2 ECT(0), 3
 * congestion experienced.
 */
public interface SimulatedHost {
  /**
   * A datagram arrived.
   *
   * @param datagram from position to limit; the host may change it, and must not keep it: it is
   *     valid during the call only
   * @param from the source as the network shows it, which NAT rebinding changes
   */
  void onDatagram(ByteBuffer datagram, InetSocketAddress from, long nowNanos);

  /**
   * A datagram arrived, and the ECN field of its IP header is known; for hosts that look at it.
   *
   * @param ecn as the link left it, 0 to 3
   */
  default void onDatagram(ByteBuffer datagram, InetSocketAddress from, int ecn, long nowNanos) {
    onDatagram(datagram, from, nowNanos);
  }

  /**
   * The ECN field of the datagram that {@link #pollTransmit} is handing out at this moment.
   *
   * @return 0 to 3, of which the network looks at the low two bits; 0 if the host does not care
   */
  default int transmitEcn() {
    return 0;
  }

  /** The deadline that {@link #nextTimeoutNanos} named is reached. */
  void onTimeout(long nowNanos);

  /** When to call {@link #onTimeout}; {@link Long#MAX_VALUE} for never. */
  long nextTimeoutNanos();

  /**
   * Hands every datagram that is ready to {@code out}, with its destination. The buffer is read
   * during that call and may be used again after it.
   */
  void pollTransmit(BiConsumer<ByteBuffer, InetSocketAddress> out, long nowNanos);
}
