package io.posthorn.bench;

import io.posthorn.Mode;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.runtime.SimulatedEndpoint;
import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.SimulatedNetwork;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * How many seconds of a connection pass in the simulator in one second of wall clock: one sealed
 * flow of 20 messages of 64 bytes a second, each a packet, and its acknowledgements.
 *
 * <p>Arguments: connection-seconds a run (default 20,000), runs (default 5), conditions (default
 * {@code delay 20ms}). Prints each run and the median.
 */
public final class SimulatorSpeed {
  private static final int MESSAGES_PER_SECOND = 20;
  private static final int MESSAGE_BYTES = 64;
  private static final int WARM_UP_RUNS = 2;

  private SimulatorSpeed() {}

  /** Runs it. */
  public static void main(String[] arguments) throws UnknownHostException {
    int seconds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 20_000;
    int runs = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 5;
    String conditions = arguments.length > 2 ? arguments[2] : "delay 20ms";
    double[] speeds = new double[runs];
    for (int run = -WARM_UP_RUNS; run < runs; run++) {
      long begunNanos = System.nanoTime();
      long datagrams = run(run, seconds, LinkConditions.parse(conditions));
      double wallSeconds = (System.nanoTime() - begunNanos) / 1e9;
      double speed = seconds / wallSeconds;
      System.out.printf(
          "%s%,.0f connection-seconds a second, %,d datagrams, %.2f us each%n",
          run < 0 ? "warm-up " : "", speed, datagrams, wallSeconds * 1e6 / datagrams);
      if (run >= 0) {
        speeds[run] = speed;
      }
    }
    Arrays.sort(speeds);
    System.out.printf("median %,.0f connection-seconds a second%n", speeds[runs / 2]);
  }

  /**
   * Runs one flow.
   *
   * @return datagrams that were sent
   */
  public static long run(long seed, int seconds, LinkConditions conditions)
      throws UnknownHostException {
    InetSocketAddress clientAddress = address(1);
    InetSocketAddress serverAddress = address(2);
    SimulatedNetwork network = SimulatedNetwork.seeded(seed).link(conditions);
    long[] received = new long[1];
    SimulatedEndpoint client = host(clientAddress, seed, new long[1]);
    SimulatedEndpoint server = host(serverAddress, ~seed, received);
    network.attach(clientAddress, client).attach(serverAddress, server);
    long intervalNanos = 1_000_000_000L / MESSAGES_PER_SECOND;
    long messages = (long) seconds * MESSAGES_PER_SECOND;
    Runnable send =
        new Runnable() {
          private long sent;

          @Override
          public void run() {
            SendOutcome outcome =
                client
                    .endpoint()
                    .send(
                        OutgoingMessage.ordered(
                            Endpoint.NO_CONNECTION, serverAddress, new byte[MESSAGE_BYTES]),
                        network.nowNanos());
            if (outcome != SendOutcome.ACCEPTED) {
              throw new IllegalStateException("send answered " + outcome);
            }
            if (++sent < messages) {
              network.at(network.nowNanos() + intervalNanos, this);
            }
          }
        };
    network.at(0, send);
    network.run(Duration.ofSeconds(seconds));
    network.run(Duration.ofSeconds(5));
    if (received[0] != messages) {
      throw new IllegalStateException(received[0] + " of " + messages + " messages arrived");
    }
    return network.counters().offered();
  }

  private static SimulatedEndpoint host(InetSocketAddress address, long seed, long[] received) {
    SocketOptions options = SocketOptions.defaults(Mode.RELIABLE);
    return new SimulatedEndpoint(
        new ReliableEndpoint(options, new SplittableRandom(seed), address::equals),
        message -> received[0]++,
        event -> {});
  }

  private static InetSocketAddress address(int last) throws UnknownHostException {
    return new InetSocketAddress(
        InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) last}), 4000 + last);
  }
}
