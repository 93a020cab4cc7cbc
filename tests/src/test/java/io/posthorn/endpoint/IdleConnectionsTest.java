package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.JavaProcess;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What an idle connection holds of the heap. It is measured in a virtual machine of its own, where
 * nothing else allocates, with the serial collector, after which the heap is what can be reached:
 * one measurement is like the next to a few bytes a connection.
 */
class IdleConnectionsTest {
  private static final int BOUND_BYTES = 8_192;

  /** What the socket around the endpoint holds of a connection: its record, lanes and trace. */
  private static final int SOCKET_BYTES = 512;

  @ParameterizedTest
  @ValueSource(strings = {"sealed", "clear"})
  void anIdleConnectionHoldsEightKibibytesAtMost(String security) throws Exception {
    Process process =
        JavaProcess.start(List.of("-XX:+UseSerialGC", "-Xmx256m"), Measurement.class, security);
    String output = JavaProcess.outputOf(process).strip();
    int bytes = Integer.parseInt(output);
    assertTrue(bytes > 1_000, () -> "nothing was measured: " + output);
    assertTrue(bytes <= BOUND_BYTES - SOCKET_BYTES, () -> output + " bytes an end");
  }

  /** The program of that virtual machine. */
  static final class Measurement {
    private static final int SERVERS = 10;
    private static final int CLIENTS = 40;
    private static final int COLLECTIONS_IN_VAIN = 3;

    /** What a handshake needs is kept for a while. */
    private static final Duration SETTLED = Duration.ofMinutes(1);

    private Measurement() {}

    /** One argument, {@code sealed} or {@code clear}; prints bytes of heap an end. */
    public static void main(String[] arguments) {
      Security security = arguments[0].equals("sealed") ? Security.ephemeral() : Security.none();
      SocketOptions options = HandPeer.options(security, 1_000, 16 << 20);
      DirectHosts hosts = new DirectHosts();
      List<DirectHosts.Host> servers = hosts(SERVERS, options, hosts);
      List<DirectHosts.Host> clients = hosts(CLIENTS, options, hosts);
      connect(hosts(1, options, hosts), servers, hosts); // loads the classes
      hosts.run(SETTLED);
      long before = heapBytes();
      connect(clients, servers, hosts);
      hosts.run(SETTLED);
      long after = heapBytes();
      for (DirectHosts.Host server : servers) {
        assertEquals(CLIENTS + 1, server.endpoint.connections(hosts.nowNanos).size());
      }
      System.out.println((after - before) / (2L * SERVERS * CLIENTS));
    }

    private static List<DirectHosts.Host> hosts(
        int count, SocketOptions options, DirectHosts hosts) {
      List<DirectHosts.Host> added = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        added.add(hosts.add(options));
      }
      return added;
    }

    private static void connect(
        List<DirectHosts.Host> clients, List<DirectHosts.Host> servers, DirectHosts hosts) {
      for (DirectHosts.Host client : clients) {
        for (DirectHosts.Host server : servers) {
          client.endpoint.connect(server.address, hosts.nowNanos);
          hosts.run(Duration.ofMillis(5));
        }
      }
    }

    /** Collects until nothing more goes: what has a cleaner goes only with a later collection. */
    static long heapBytes() {
      MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
      long least = Long.MAX_VALUE;
      for (int inVain = 0; inVain < COLLECTIONS_IN_VAIN; inVain++) {
        memory.gc();
        long used = memory.getHeapMemoryUsage().getUsed();
        if (used < least) {
          least = used;
          inVain = 0;
        }
      }
      return least;
    }
  }
}
