package io.posthorn.cli.compare;

import java.io.Closeable;
import java.io.IOException;
import java.util.function.BiConsumer;

/**
 * A place where transports can be put through the same bad network. Several runs may be under way
 * at once, each over a network of its own.
 */
public interface Arena extends Closeable {
  /**
   * What this place is.
   *
   * @return words for the heading
   */
  String description();

  /**
   * Why a transport cannot be measured here.
   *
   * @param transport which
   * @return in words for the user; empty if it can
   */
  String whyNot(Transport transport);

  /**
   * Whether all transports share one real network, there and back: then they run one after the
   * other, and times are round trips.
   *
   * @return false where each run has a network of its own
   */
  default boolean isOneNetwork() {
    return false;
  }

  /**
   * Puts all messages of a plan through a transport, over a network of its own.
   *
   * @param transport which; one that can be measured here
   * @param plan the messages and the network
   * @param run which run: it decides the seed
   * @param progress told now and then how many messages were sent and delivered so far
   * @return what it has shown; a transport that failed is a result too
   * @throws IOException if the place itself failed
   * @throws InterruptedException if the calling thread is interrupted
   */
  Measurement run(
      Transport transport, ComparePlan plan, int run, BiConsumer<Integer, Integer> progress)
      throws IOException, InterruptedException;

  /**
   * Cuts short what is under way: nothing more is sent, and each run answers within a moment, as if
   * only the messages sent by then had been due.
   *
   * @return false where runs cannot be cut short
   */
  default boolean endSending() {
    return false;
  }

  @Override
  void close();
}
