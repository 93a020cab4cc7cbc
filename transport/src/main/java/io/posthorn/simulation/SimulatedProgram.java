package io.posthorn.simulation;

/**
 * Code that blocks on {@linkplain SimulatedNetwork#socket() simulated sockets} in a thread of its
 * own.
 */
@FunctionalInterface
public interface SimulatedProgram {
  /**
   * Runs until it is done or its socket is closed.
   *
   * @throws Exception a {@link java.net.SocketException} ends it in order, as that of a socket
   *     closed by others does, and the first is suppressed in what is thrown to a thread that waits
   *     in vain; anything else comes out of what the other threads do next
   */
  void run() throws Exception;
}
