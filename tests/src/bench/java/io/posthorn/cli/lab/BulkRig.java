package io.posthorn.cli.lab;

import io.posthorn.cli.compare.Carrier;
import io.posthorn.cli.compare.MessageSchedule;
import io.posthorn.simulation.LinkConditions;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Bulk transfers of the kernel's TCP and of Posthorn's real stack over one emulated bottleneck: a
 * TUN device of the network namespace that this process is in.
 */
final class BulkRig {
  private static final String INTERFACE = "posthorn1";
  private static final byte[] OWN_ADDRESS = {10, (byte) 211, 0, 1};
  private static final byte[] PEER_ADDRESS = {10, (byte) 211, 0, 2};
  private static final int PREFIX_BITS = 24;
  private static final int MTU_BYTES = 1_500;
  private static final int QUEUE_PACKETS = 20_000;
  private static final int FIRST_PORT = 7_001;
  private static final int MESSAGE_BYTES = 16 << 10;
  private static final long CONNECT_NANOS = 20_000_000_000L;
  private static final long RECEIVE_NANOS = 100_000_000L;

  private final TunPump pump;
  private final InetAddress own;
  private final InetAddress peer;
  private int flows;

  private BulkRig(TunPump pump, InetAddress own, InetAddress peer) {
    this.pump = pump;
    this.own = own;
    this.peer = peer;
  }

  /**
   * Who transfers.
   *
   * @param transport TCP or RELIABLE
   * @param controller as {@link FlowRequest#congestionController}
   */
  record Contender(LabTransport transport, String controller) {
    static Contender of(String name) {
      return name.startsWith("tcp/")
          ? new Contender(LabTransport.TCP, name.substring(4))
          : new Contender(LabTransport.RELIABLE, name);
    }
  }

  /**
   * What came of a run.
   *
   * @param megabits goodput of each flow, Mbit/s of payload
   * @param lateP99Nanos how late packets left the link
   */
  record Run(double[] megabits, long lateP99Nanos) {}

  static BulkRig open() throws IOException {
    TunDevice.raiseLoopback();
    InetAddress own = InetAddress.getByAddress(OWN_ADDRESS);
    TunDevice device =
        TunDevice.open(INTERFACE, (Inet4Address) own, PREFIX_BITS, MTU_BYTES, QUEUE_PACKETS);
    TunPump pump = new TunPump(device, PEER_ADDRESS[PEER_ADDRESS.length - 1]);
    pump.start();
    // A connection begins cold, and its window is bounded by the path, not by the buffers.
    set("tcp_no_metrics_save", "1");
    set("tcp_rmem", "4096 131072 67108864");
    set("tcp_wmem", "4096 131072 67108864");
    return new BulkRig(pump, own, InetAddress.getByAddress(PEER_ADDRESS));
  }

  private static void set(String name, String value) throws IOException {
    Files.writeString(Path.of("/proc/sys/net/ipv4", name), value);
  }

  /**
   * Lets flows start from cold, one after the other, over one pair of links.
   *
   * @param link conditions of either direction
   * @param staggerMillis from one start to the next
   * @param fromMillis what arrives before this is not counted
   * @param toMillis when the run ends, counted from the first start
   */
  Run run(
      List<Contender> contenders,
      String link,
      long seed,
      long staggerMillis,
      long fromMillis,
      long toMillis)
      throws IOException, InterruptedException {
    LinkConditions conditions = LinkConditions.parse(link);
    List<Integer> ports = new ArrayList<>();
    LabFlow flow = null;
    for (Contender contender : contenders) {
      int port = FIRST_PORT + flows++;
      ports.add(port);
      int protocol = contender.transport.protocol();
      if (flow == null) {
        flow = pump.open(protocol, port, conditions, conditions, seed);
      } else {
        pump.share(flow, protocol, port);
      }
    }
    long start = System.nanoTime();
    List<Thread> threads = new ArrayList<>();
    List<AtomicLong> counted = new ArrayList<>();
    List<Throwable> failures = new ArrayList<>();
    for (int i = 0; i < contenders.size(); i++) {
      Contender contender = contenders.get(i);
      int port = ports.get(i);
      AtomicLong bytes = new AtomicLong();
      counted.add(bytes);
      long from = start + TimeUnit.MILLISECONDS.toNanos(fromMillis);
      long to = start + TimeUnit.MILLISECONDS.toNanos(toMillis);
      threads.add(
          new Thread(
              () -> {
                try {
                  transfer(contender, port, bytes, from, to);
                } catch (IOException | InterruptedException failed) {
                  synchronized (failures) {
                    failures.add(failed);
                  }
                }
              }));
    }
    ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    for (int i = 0; i < threads.size(); i++) {
      clock.schedule(threads.get(i)::start, i * staggerMillis, TimeUnit.MILLISECONDS);
    }
    clock.shutdown(); // those that are due later still start
    clock.awaitTermination(toMillis, TimeUnit.MILLISECONDS);
    for (Thread thread : threads) {
      thread.join();
    }
    if (!failures.isEmpty() || !pump.failure().isEmpty()) {
      throw new IOException("a transfer failed: " + failures + pump.failure());
    }
    long lateNanos = flow == null ? 0 : pump.traffic(flow).lateP99Nanos();
    if (flow != null) {
      pump.close(flow);
    }
    double[] megabits = new double[counted.size()];
    for (int i = 0; i < megabits.length; i++) {
      megabits[i] = counted.get(i).get() * 8e-3 / (toMillis - fromMillis);
    }
    return new Run(megabits, lateNanos);
  }

  private void transfer(Contender contender, int port, AtomicLong bytes, long from, long to)
      throws IOException, InterruptedException {
    FlowRequest request =
        new FlowRequest(
            contender.transport,
            new MessageSchedule(1, 1),
            MESSAGE_BYTES,
            CONNECT_NANOS,
            0,
            "none",
            "none",
            contender.controller);
    Carrier carrier = contender.transport.open(new InetSocketAddress(own, port), peer, request);
    Thread sender =
        new Thread(
            () -> {
              byte[] message = new byte[MESSAGE_BYTES];
              try {
                while (System.nanoTime() - to < 0) {
                  carrier.send(message, message.length);
                }
              } catch (IOException closed) {
                return; // the receiver has seen enough
              }
            });
    sender.start();
    byte[] into = new byte[MESSAGE_BYTES];
    try {
      while (System.nanoTime() - to < 0) {
        int length = carrier.receive(into, RECEIVE_NANOS);
        long now = System.nanoTime();
        if (length != Carrier.NOTHING && now - from >= 0 && now - to < 0) {
          bytes.addAndGet(length);
        }
      }
    } finally {
      carrier.close();
      sender.join();
    }
  }
}
