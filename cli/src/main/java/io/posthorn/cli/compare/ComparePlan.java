package io.posthorn.cli.compare;

import io.posthorn.simulation.LinkConditions;

/**
 * What is compared: the messages, the network, and how often.
 *
 * @param conditions of each direction of the network
 * @param messages how many, 1 or more
 * @param messageBytes the size of each, {@link TestMessage#MINIMUM_BYTES} or more
 * @param bitsPerSecond the rate of message bits at which they are due
 * @param runs how often each transport carries them all, 1 or more
 * @param seed of the first run; the next ones follow it
 */
public record ComparePlan(
    LinkConditions conditions,
    int messages,
    int messageBytes,
    double bitsPerSecond,
    int runs,
    long seed) {

  /**
   * When the messages are due.
   *
   * @return the same for every transport and run
   */
  public MessageSchedule schedule() {
    return MessageSchedule.ofBitRate(messages, messageBytes, bitsPerSecond);
  }

  /**
   * The same over a network with another rate of loss.
   *
   * @param loss of each datagram by itself, 0 to 1
   * @return a plan
   */
  public ComparePlan withLoss(double loss) {
    return new ComparePlan(
        conditions.withLoss(loss), messages, messageBytes, bitsPerSecond, runs, seed);
  }

  /**
   * What decides the fates in a run, the same for every transport.
   *
   * @param run 0 to {@code runs - 1}
   * @return the seed
   */
  public long seed(int run) {
    return seed + run;
  }
}
