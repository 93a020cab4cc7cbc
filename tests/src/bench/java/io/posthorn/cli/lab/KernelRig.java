package io.posthorn.cli.lab;

import io.posthorn.CongestionControl;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.cli.compare.Carrier;
import io.posthorn.cli.compare.CarrierRun;
import io.posthorn.cli.compare.DeliveryLog;
import io.posthorn.cli.compare.MessageSchedule;
import io.posthorn.cli.compare.SocketCarrier;
import io.posthorn.simulation.LinkConditions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The kernel's TCP and Posthorn's real stack over emulated links: a TUN device of the network
 * namespace that this process is in.
 */
final class KernelRig {
  private static final String INTERFACE = "posthorn1";
  private static final byte[] OWN_ADDRESS = {10, (byte) 211, 0, 1};
  private static final byte[] PEER_ADDRESS = {10, (byte) 211, 0, 2};
  private static final int PREFIX_BITS = 24;
  private static final int MTU_BYTES = 1_500;
  private static final int QUEUE_PACKETS = 20_000;
  private static final int FIRST_PORT = 7_001;
  private static final int MESSAGE_BYTES = 16 << 10;
  private static final long CONNECT_NANOS = 20_000_000_000L;
  private static final double NANOS_PER_MILLI = 1e6;
  private static final long RECEIVE_NANOS = 100_000_000L;
  static final int SMALL_BYTES = 64;
  private static final long PATIENCE_NANOS = 30_000_000_000L;
  private static final long STREAM_MILLIS = 10;
  private static final long OUTAGE_PATIENCE_NANOS = 60_000_000_000L;

  private final TunPump pump;
  private final InetAddress own;
  private final InetAddress peer;
  private final AtomicInteger nextPort = new AtomicInteger(FIRST_PORT);

  private KernelRig(TunPump pump, InetAddress own, InetAddress peer) {
    this.pump = pump;
    this.own = own;
    this.peer = peer;
  }

  /**
   * Who transfers.
   *
   * @param transport TCP, RELIABLE, or UDP, which has no controller
   * @param controller as {@link FlowRequest#congestionController}
   */
  record Contender(LabTransport transport, String controller) {
    static Contender of(String name) {
      if (name.equals("udp")) {
        return new Contender(LabTransport.UDP, "");
      }
      return name.startsWith("tcp/")
          ? new Contender(LabTransport.TCP, name.substring(4))
          : new Contender(LabTransport.RELIABLE, name);
    }

    CongestionControl control() {
      return CongestionControl.valueOf(controller.toUpperCase(Locale.ROOT));
    }
  }

  /**
   * What came of a run.
   *
   * @param megabits goodput of each flow, Mbit/s of payload
   * @param lateP99Nanos how late packets left the link
   */
  record Run(double[] megabits, long lateP99Nanos) {}

  static KernelRig open() throws IOException {
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
    return new KernelRig(pump, own, InetAddress.getByAddress(PEER_ADDRESS));
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
      int port = nextPort.getAndIncrement();
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

  /**
   * Lets one contender, who is not connected yet, bring so many bytes over a pair of links of its
   * own. Several threads may do so at once.
   *
   * @return milliseconds from the begin of the handshake to the last byte
   */
  double complete(Contender contender, String link, long seed, int sizeBytes)
      throws IOException, InterruptedException {
    int port = nextPort.getAndIncrement();
    LabFlow flow = openLinks(contender, port, link, seed);
    long begun = System.nanoTime();
    Carrier carrier = openCold(contender, port);
    AtomicLong arrivedNanos = new AtomicLong();
    Thread receiver =
        new Thread(
            () -> {
              byte[] into = new byte[MESSAGE_BYTES];
              int left = sizeBytes;
              try {
                while (left > 0 && System.nanoTime() - begun < CONNECT_NANOS) {
                  left -= Math.max(0, carrier.receive(into, RECEIVE_NANOS));
                }
              } catch (IOException ended) {
                return; // said below
              }
              if (left <= 0) {
                arrivedNanos.set(System.nanoTime());
              }
            });
    receiver.start();
    try {
      byte[] message = new byte[MESSAGE_BYTES];
      for (int left = sizeBytes; left > 0; left -= MESSAGE_BYTES) {
        carrier.send(message, Math.min(left, MESSAGE_BYTES));
      }
      receiver.join();
    } finally {
      carrier.close();
      pump.close(flow);
    }
    if (arrivedNanos.get() == 0) {
      throw new IOException(contender + " did not bring " + sizeBytes + " bytes, seed " + seed);
    }
    return (arrivedNanos.get() - begun) / NANOS_PER_MILLI;
  }

  /**
   * Lets one contender send a message each {@value #STREAM_MILLIS} ms over a pair of links of its
   * own, through which nothing passes for a while. Several threads may do so at once.
   *
   * @return milliseconds from the links' return to the first message that arrives
   */
  double outage(Contender contender, String link, long seed, long fromMillis, long lengthMillis)
      throws IOException, InterruptedException {
    int port = nextPort.getAndIncrement();
    String away = " outage " + fromMillis + "ms " + lengthMillis + "ms";
    LabFlow flow = openLinks(contender, port, link + away, seed);
    long back = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(fromMillis + lengthMillis);
    Carrier carrier = open(contender, port);
    ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    byte[] message = new byte[SMALL_BYTES];
    var unused =
        clock.scheduleAtFixedRate(
            () -> {
              try {
                carrier.send(message, message.length);
              } catch (IOException closed) {
                throw new UncheckedIOException(closed); // and it is not run again
              }
            },
            0,
            STREAM_MILLIS,
            TimeUnit.MILLISECONDS);
    byte[] into = new byte[SMALL_BYTES];
    try {
      while (System.nanoTime() - back < OUTAGE_PATIENCE_NANOS) {
        int length = carrier.receive(into, RECEIVE_NANOS);
        long now = System.nanoTime();
        if (length != Carrier.NOTHING && now - back >= 0) {
          return (now - back) / NANOS_PER_MILLI;
        }
      }
    } finally {
      clock.shutdownNow();
      carrier.close();
      pump.close(flow);
    }
    throw new IOException(contender + " was silent after the outage, seed " + seed);
  }

  /**
   * What small messages cost.
   *
   * @param sentBytes what the sender put on the wire, IP headers included
   * @param lateP99Nanos how late packets left the link
   */
  record Thin(long sentBytes, long lateP99Nanos) {}

  /**
   * Lets one contender carry small messages over a pair of links of its own.
   *
   * @param style of delivery; TCP and UDP have but one
   * @param log where it is noted what arrived, and when
   */
  Thin thin(
      Contender contender,
      DeliveryCarrier.Style style,
      String link,
      long seed,
      MessageSchedule schedule,
      DeliveryLog log)
      throws IOException, InterruptedException {
    int port = nextPort.getAndIncrement();
    LabFlow flow = openLinks(contender, port, link, seed);
    Carrier carrier =
        contender.transport == LabTransport.RELIABLE
            ? new DeliveryCarrier(connected(contender, port, style), style)
            : open(contender, port);
    CarrierRun.Outcome outcome =
        CarrierRun.run(carrier, schedule, SMALL_BYTES, PATIENCE_NANOS, () -> false, log);
    TunPump.Traffic traffic = pump.traffic(flow);
    pump.close(flow);
    if (!outcome.failure().isEmpty() || !pump.failure().isEmpty()) {
      throw new IOException(contender + " failed: " + outcome.failure() + pump.failure());
    }
    return new Thin(traffic.up().sentBytes(), traffic.lateP99Nanos());
  }

  private SocketCarrier connected(Contender contender, int port, DeliveryCarrier.Style style)
      throws IOException {
    MessageSocket receiver =
        SocketCarrier.openReceiver(Mode.RELIABLE, new InetSocketAddress(own, port));
    MessageSocket sender =
        MessageSocket.builder()
            .congestionControl(contender.control())
            .redundancy(style != DeliveryCarrier.Style.ORDERED_ONCE)
            .open();
    SocketCarrier carrier =
        SocketCarrier.of(Mode.RELIABLE, sender, receiver, new InetSocketAddress(peer, port));
    carrier.connect();
    return carrier;
  }

  /** Opens a pair of links that are alike, for one contender. */
  private LabFlow openLinks(Contender contender, int port, String link, long seed) {
    LinkConditions conditions = LinkConditions.parse(link);
    return pump.open(contender.transport.protocol(), port, conditions, conditions, seed);
  }

  private Carrier open(Contender contender, int port) throws IOException {
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
    return contender.transport.open(new InetSocketAddress(own, port), peer, request);
  }

  /** As {@link #open}, but with Posthorn's first message in the third one of its handshake. */
  private Carrier openCold(Contender contender, int port) throws IOException {
    if (contender.transport != LabTransport.RELIABLE) {
      return open(contender, port);
    }
    return SocketCarrier.prepare(
        Mode.RELIABLE,
        SocketCarrier.openReceiver(Mode.RELIABLE, new InetSocketAddress(own, port)),
        new InetSocketAddress(peer, port),
        CONNECT_NANOS,
        contender.control());
  }

  private void transfer(Contender contender, int port, AtomicLong bytes, long from, long to)
      throws IOException, InterruptedException {
    Carrier carrier = openCold(contender, port);
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
