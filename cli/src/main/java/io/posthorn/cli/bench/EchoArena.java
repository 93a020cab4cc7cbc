package io.posthorn.cli.bench;

import io.posthorn.AddressText;
import io.posthorn.ConnectionTimeoutException;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.cli.compare.Arena;
import io.posthorn.cli.compare.CarrierRun;
import io.posthorn.cli.compare.ComparePlan;
import io.posthorn.cli.compare.DeliveryLog;
import io.posthorn.cli.compare.Measurement;
import io.posthorn.cli.compare.Transport;
import io.posthorn.cli.session.ConnectionEnd;
import io.posthorn.simulation.SimulatedLink;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The network between here and a bench server, which sends back what comes: times are round trips,
 * for the clocks of two machines do not agree well enough for one way alone.
 */
public final class EchoArena implements Arena {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** A reliable peer says at once what it is; where it is no bench server, nobody waits for one. */
  private static final List<Transport> ASKED =
      List.of(Transport.RELIABLE, Transport.PLAIN, Transport.TCP);

  private static final int IPV6_MORE_BYTES = 20;

  /** Opens sockets at this end. */
  public interface Opener {
    /**
     * Opens one at any free port.
     *
     * @param plan says what network lies under it; null while the server is only asked what it
     *     serves
     * @param run decides the seed
     * @throws IOException if it cannot be opened
     */
    MessageSocket open(Mode mode, @Nullable ComparePlan plan, int run) throws IOException;
  }

  private final InetSocketAddress server;
  private final String name;
  private final Opener opener;
  private final Duration timeout;
  private final Map<Transport, String> whyNot = new EnumMap<>(Transport.class);

  private EchoArena(InetSocketAddress server, Opener opener, Duration timeout) {
    this.server = server;
    this.name = AddressText.of(server);
    this.opener = opener;
    this.timeout = timeout;
  }

  /**
   * Finds out which transports the server serves.
   *
   * @param impaired whether there is a bad network under the sockets, which TCP does not cross
   * @param timeout how long it may take to answer, for each
   * @throws IOException if it serves none of ours, as a {@link BenchException} where it does not
   *     answer or does not want to
   */
  public static EchoArena open(
      InetSocketAddress server, Opener opener, boolean impaired, Duration timeout)
      throws IOException, InterruptedException {
    EchoArena arena = new EchoArena(server, opener, timeout);
    IOException silence = null;
    int able = 0;
    for (Transport transport : ASKED) {
      if (transport == Transport.TCP && impaired) {
        arena.whyNot.put(
            transport, "the bad network lies under this program's sockets, not the kernel's");
        continue;
      }
      try {
        arena.ask(transport);
        able++;
      } catch (IOException failed) {
        if (!isSilence(failed)) {
          throw failed;
        }
        arena.whyNot.put(transport, ConnectionEnd.words(failed));
        // A bench server is missing, of which nobody speaks who waited for a connection.
        silence = silence == null || failed instanceof BenchException ? failed : silence;
      }
    }
    if (able == 0 && silence != null) {
      throw silence;
    }
    return arena;
  }

  /** Whether nobody is there, or serves this transport. */
  private static boolean isSilence(IOException failed) {
    return (failed instanceof BenchException bench && bench.kind() == BenchException.Kind.NO_ANSWER)
        || failed instanceof ConnectionTimeoutException
        || failed instanceof ConnectException
        || failed instanceof SocketTimeoutException;
  }

  private void ask(Transport transport) throws IOException, InterruptedException {
    EchoCarrier carrier = open(transport, null, 0);
    try {
      carrier.ask(BenchPlan.echo(BenchMessage.HEADER_BYTES, 1, 0), name, timeout);
    } finally {
      carrier.close();
    }
  }

  private EchoCarrier open(Transport transport, @Nullable ComparePlan plan, int run)
      throws IOException {
    if (transport == Transport.TCP) {
      return ClientLinks.tcp(server, timeout, link -> new EchoCarrier(link, null));
    }
    Mode mode = transport == Transport.PLAIN ? Mode.PLAIN : Mode.RELIABLE;
    MessageSocket socket = opener.open(mode, plan, run);
    return ClientLinks.udp(server, socket, link -> new EchoCarrier(link, socket));
  }

  private EchoCarrier begin(Transport transport, ComparePlan plan, int run)
      throws IOException, InterruptedException {
    EchoCarrier carrier = open(transport, plan, run);
    BenchPlan asked =
        BenchPlan.echo(
            BenchMessage.HEADER_BYTES + plan.messageBytes(), plan.messages(), plan.bitsPerSecond());
    try {
      carrier.begin(asked, name, timeout);
    } catch (IOException | InterruptedException failed) {
      carrier.close();
      throw failed;
    }
    return carrier;
  }

  @Override
  public String description() {
    return "to " + name + " and back: times are round trips";
  }

  @Override
  public boolean isOneNetwork() {
    return true;
  }

  @Override
  public String whyNot(Transport transport) {
    return whyNot.getOrDefault(transport, "");
  }

  @Override
  public Measurement run(
      Transport transport, ComparePlan plan, int run, BiConsumer<Integer, Integer> progress)
      throws IOException, InterruptedException {
    DeliveryLog log = new DeliveryLog(plan.schedule(), plan.messageBytes());
    EchoCarrier carrier;
    try {
      carrier = begin(transport, plan, run);
    } catch (IOException failed) {
      return new Measurement(log.summary(), 0, 0, 0, "", ConnectionEnd.words(failed), "");
    }
    CarrierRun.Outcome outcome =
        CarrierRun.run(carrier, plan, PATIENCE.toNanos(), carrier::isQuiet, log, progress);
    int headerBytes =
        SimulatedLink.IPV4_UDP_BYTES
            + (server.getAddress() instanceof Inet6Address ? IPV6_MORE_BYTES : 0);
    return new Measurement(
        log.summary(),
        carrier.datagrams(),
        carrier.wireBytes(headerBytes),
        outcome.retransmissions(),
        carrier.congestionController(),
        outcome.failure(),
        "");
  }

  @Override
  public void close() {
    // Each run closes what it opened.
  }
}
