package io.posthorn.cli.lab;

import io.posthorn.simulation.LinkConditions;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The thread that turns one TUN device into a network of emulated links.
 *
 * <p>Whatever the kernel sends to an address behind the device is read, gets its two addresses
 * swapped, passes the link of its flow and direction, and is handed back to the kernel, which takes
 * it for the answer of another host.
 *
 * <p>Concurrency: the lock guards the flows, their links and the counters. The pump's thread holds
 * it while it moves packets and lets go of it while it waits; nobody may block under it.
 */
final class TunPump implements LabFlow.PacketWriter {
  private static final int PACKET_LIMIT_BYTES = 65_536;
  private static final int READ_BATCH_PACKETS = 64;
  private static final long LONGEST_WAIT_NANOS = 20_000_000L;

  /** The packet rate is looked at so often. */
  private static final long RATE_WINDOW_NANOS = 50_000_000L;

  /** At more packets a window (20,000 a second), real time would starve what is measured. */
  private static final int REAL_TIME_PACKETS = 1_000;

  private final TunDevice device;
  private final int senderHost;
  private final ReentrantLock lock = new ReentrantLock();
  private final PacketRouter router = new PacketRouter();
  private final Map<LabDrop, Long> drops = new EnumMap<>(LabDrop.class);
  private final byte[] packet = new byte[PACKET_LIMIT_BYTES];
  private final byte[] scratch = new byte[PACKET_LIMIT_BYTES];

  private final Thread thread = new Thread(this::pump, "posthorn-lab-pump");
  private final long originNanos = System.nanoTime();
  private long windowStartNanos;
  private int windowPackets;
  private boolean realTime = true;

  /** When the device was last found to hold nothing that had not been moved. */
  private long emptyNanos;

  private volatile String failure = "";

  /**
   * A pump for a device.
   *
   * @param device belongs to the pump from now on
   * @param senderHost the last byte of the address under which senders are seen
   */
  TunPump(TunDevice device, int senderHost) {
    this.device = device;
    this.senderHost = senderHost;
    thread.setDaemon(true);
  }

  /** Starts the thread, which runs until the device fails or the process ends. */
  void start() {
    thread.start();
  }

  /**
   * Opens a network of two links for one server port.
   *
   * @param protocol the number of the IP protocol
   * @param serverPort the port, which no other open flow of the protocol may have as server's or
   *     client's
   * @param up conditions towards the server
   * @param down conditions from it
   * @param seed decides, with direction and number, the fate of each packet
   * @return the flow, whose time begins now
   */
  LabFlow open(int protocol, int serverPort, LinkConditions up, LinkConditions down, long seed) {
    lock.lock();
    try {
      LabFlow flow = new LabFlow(protocol, serverPort, up, down, seed, senderHost, elapsedNanos());
      router.add(flow);
      return flow;
    } finally {
      lock.unlock();
    }
  }

  /** Lets the packets to and from a further server port share a flow's links. */
  void share(LabFlow flow, int protocol, int serverPort) {
    lock.lock();
    try {
      flow.carryAlso(protocol, serverPort);
    } finally {
      lock.unlock();
    }
  }

  /** Ends a flow: what is still in its links is gone, what still comes for it is dropped. */
  void close(LabFlow flow) {
    lock.lock();
    try {
      router.remove(flow);
    } finally {
      lock.unlock();
    }
  }

  /** Whether a flow's links are empty and nothing was sent into them for so long. */
  boolean isQuiet(LabFlow flow, long sinceNanos) {
    lock.lock();
    try {
      return flow.isQuiet(sinceNanos, emptyNanos); // a pump held up would see nothing either
    } finally {
      lock.unlock();
    }
  }

  /** What a flow put on the wire so far. */
  Traffic traffic(LabFlow flow) {
    lock.lock();
    try {
      return new Traffic(flow.upTraffic(), flow.downTraffic(), flow.lateP99Nanos());
    } finally {
      lock.unlock();
    }
  }

  /** How many packets were dropped for a reason. */
  long drops(LabDrop reason) {
    lock.lock();
    try {
      return drops.getOrDefault(reason, 0L);
    } finally {
      lock.unlock();
    }
  }

  /** Why the pump stopped by itself; empty if it did not. */
  String failure() {
    return failure;
  }

  private void pump() {
    TunDevice.preferThisThread();
    TunDevice.runBeforeOthers(realTime);
    try {
      while (true) {
        long waitNanos = movePackets();
        yieldWhenBusy();
        if (waitNanos > 0) {
          device.awaitPacket(waitNanos);
        }
      }
    } catch (IOException | RuntimeException failed) {
      failure = failed.toString(); // every run reports it instead of figures
    } finally {
      device.close();
    }
  }

  /** Runs before all others while there is little to do, so that it is on time, and no longer. */
  private void yieldWhenBusy() {
    long nowNanos = elapsedNanos();
    if (nowNanos - windowStartNanos < RATE_WINDOW_NANOS && windowPackets <= REAL_TIME_PACKETS) {
      return;
    }
    boolean calm = windowPackets <= REAL_TIME_PACKETS;
    if (calm != realTime) {
      realTime = calm;
      TunDevice.runBeforeOthers(calm);
    }
    windowStartNanos = nowNanos;
    windowPackets = 0;
  }

  /** Moves what there is; returns how long to wait for more, 0 if there may be more now. */
  private long movePackets() throws IOException {
    lock.lock();
    try {
      int count = 0;
      while (count < READ_BATCH_PACKETS) {
        int lengthBytes = device.read(packet);
        if (lengthBytes == 0) {
          emptyNanos = elapsedNanos();
          break;
        }
        count++;
        windowPackets++;
        LabDrop problem = router.accept(packet, lengthBytes, elapsedNanos());
        if (problem != LabDrop.NONE) {
          dropped(problem);
        }
      }
      long nowNanos = elapsedNanos();
      router.deliverDue(this, scratch, nowNanos);
      long nextNanos = Math.min(nowNanos + LONGEST_WAIT_NANOS, router.nextDeliveryNanos());
      return count > 0 ? 0 : Math.max(0, nextNanos - elapsedNanos());
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void write(byte[] whole, int lengthBytes) {
    if (!device.write(whole, 0, lengthBytes)) {
      dropped(LabDrop.REFUSED_BY_KERNEL);
    }
  }

  @Override
  public void dropped(LabDrop reason) {
    drops.merge(reason, 1L, Long::sum);
  }

  private long elapsedNanos() {
    return System.nanoTime() - originNanos;
  }

  /**
   * What a flow did.
   *
   * @param up towards the server
   * @param down from it
   * @param lateP99Nanos how late packets left the links, 99th percentile
   */
  record Traffic(LinkTraffic up, LinkTraffic down, long lateP99Nanos) {}
}
