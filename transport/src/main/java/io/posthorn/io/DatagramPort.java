package io.posthorn.io;

import io.posthorn.EcnMark;
import io.posthorn.endpoint.TransmitBatch;
import io.posthorn.wire.IcmpHint;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Where datagrams leave and enter. Trouble of the host (no route, no buffers, a firewall, ICMP
 * messages) is weather: it is counted in {@link #counters} and the datagram counts as lost. An
 * {@link IOException} means that the port itself is gone.
 *
 * <p>{@link #send} and {@link #receive} never block; the caller holds one lock around both. {@link
 * #await} is called by one thread at a time, without that lock, and is the only method that blocks;
 * {@link #wakeup} may be called by any thread. An interrupted thread does no harm to the port.
 */
public interface DatagramPort {
  /** The longest datagram that can be received, and one more, so that a longer one is noticed. */
  int SLAB_BYTES = 65_536;

  /**
   * Sends datagrams of a batch.
   *
   * @param firstSegment where to begin, 0 unless an earlier call stopped short
   * @return how many were taken; fewer than were left means that the system's buffer is full, and
   *     {@link #await} can wait until it is not
   */
  int send(TransmitBatch batch, int firstSegment, long nowNanos) throws IOException;

  /**
   * Takes one datagram. Called after each {@link #await}, also to let the port do what is due.
   *
   * @param into a heap buffer of {@link #SLAB_BYTES}; afterwards position to limit hold the
   *     datagram
   * @return its sender, IPv4 addresses never in their IPv6 form; null if none is waiting
   */
  @Nullable InetSocketAddress receive(ByteBuffer into, long nowNanos) throws IOException;

  /** The ECN field of the datagram that {@link #receive} took last. */
  default EcnMark ecn() {
    return EcnMark.UNKNOWN;
  }

  /**
   * Has ICMP messages kept for {@link #takeIcmp}, or no more, that tell of datagrams which did not
   * get to their peers. Only while somebody has a use for them: each costs a call or two, and who
   * forges them chooses how many come. They fail no datagram. Where the port has no way to hear of
   * them, or the system gives them to another port at the same address, none come.
   */
  default void hearIcmp(boolean wanted) {}

  /**
   * Tells what has come in ICMP messages. Called after each {@link #await} as long as it was asked
   * for, for a message that waits ends each wait.
   *
   * @param to given the address that the datagram was sent to, IPv4 addresses never in their IPv6
   *     form, and what is said of it
   * @return whether there may be more
   */
  default boolean takeIcmp(BiConsumer<InetSocketAddress, IcmpHint> to) {
    return false;
  }

  /** Whether datagrams that {@link #send} took have not reached the system yet. */
  boolean hasUnsent();

  /**
   * When {@link #await} must return for the port's own sake; {@code Endpoint.NEVER} if it need not.
   */
  long nextTimeoutNanos();

  /**
   * Waits until a datagram is there, {@link #wakeup} was called, or time is up.
   *
   * @param timeoutNanos how long at most; {@code Endpoint.NEVER} for ever; the portable port rounds
   *     up to milliseconds
   * @param untilWritable whether to return also when {@link #send} may succeed again
   * @return whether a datagram may be there or {@link #wakeup} was called
   */
  boolean await(long timeoutNanos, boolean untilWritable) throws IOException;

  /** Ends the {@link #await} that is under way, or the next one. */
  void wakeup();

  /** The address that the port is bound to, with the port number that was given. */
  InetSocketAddress localAddress();

  /**
   * Which of the machine's addresses a peer writes to.
   *
   * @param peer as this port told where a datagram came from
   * @return as {@link #localAddress()} where the port cannot tell
   */
  default InetSocketAddress localAddress(InetSocketAddress peer) {
    return localAddress();
  }

  /** What went wrong so far. */
  PortCounters counters();

  /** How datagrams reach the operating system and why this way; for people. */
  String description();

  /** Kernel memory granted for datagrams that wait to be read, in bytes. */
  int grantedReceiveBufferBytes();

  /** Kernel memory granted for datagrams that wait to leave, in bytes. */
  int grantedSendBufferBytes();

  /**
   * The largest datagram that may be tried towards an address: one that leaves whole or not at all.
   * Where the system may be kept from cutting datagrams up, that is what its route allows; else
   * what fills the interface; 1,200 bytes if nothing is known.
   */
  default int largestDatagramBytes(InetSocketAddress to) {
    return InterfaceMtu.largestDatagramBytes(localAddress(), to);
  }

  /** Gives the port back to the system. A second call does nothing. */
  void close() throws IOException;

  /**
   * After {@link #close}, without the lock: waits until what the port has written elsewhere is
   * there, for ten seconds at most.
   */
  default void awaitWritten() {}
}
