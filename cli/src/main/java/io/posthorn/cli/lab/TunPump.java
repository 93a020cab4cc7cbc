package io.posthorn.cli.lab;

import io.posthorn.simulation.LinkConditions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The thread that turns one TUN device into a network of emulated links.
 *
 * <p>Whatever the kernel sends to an address behind the device is read, gets its two addresses
 * swapped, passes the link of its flow and direction, and is handed back to the kernel, which takes
 * it for the answer of another host. A packet to a flow's server port goes up, one from it comes
 * down.
 *
 * <p>Concurrency: the lock guards the flows, their links and the counters. The pump's thread holds
 * it while it moves packets and lets go of it while it waits; nobody may block under it.
 */
final class TunPump implements AutoCloseable, LabFlow.PacketWriter {
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
  private final List<LabFlow> flows = new ArrayList<>();
  private final Map<LabDrop, Long> drops = new EnumMap<>(LabDrop.class);
  private final byte[] packet = new byte[PACKET_LIMIT_BYTES];
  private final byte[] scratch = new byte[PACKET_LIMIT_BYTES];

  /** By the IP identification of a fragmented packet: where its first fragment went. */
  private final @Nullable LabFlow[] fragmentFlow = new LabFlow[1 << 16];

  private final boolean[] fragmentGoesUp = new boolean[1 << 16];
  private final Thread thread = new Thread(this::pump, "posthorn-lab-pump");
  private final long originNanos = System.nanoTime();
  private long windowStartNanos;
  private int windowPackets;
  private boolean realTime = true;
  private volatile boolean closed;
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

  /** Starts the thread. */
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
      flows.add(flow);
      return flow;
    } finally {
      lock.unlock();
    }
  }

  /** Ends a flow: what is still in its links is gone, what still comes for it is dropped. */
  void close(LabFlow flow) {
    lock.lock();
    try {
      flows.remove(flow);
    } finally {
      lock.unlock();
    }
  }

  /** Whether a flow's links are empty and nothing was sent into them for so long. */
  boolean isQuiet(LabFlow flow, long sinceNanos) {
    lock.lock();
    try {
      return flow.isQuiet(sinceNanos, elapsedNanos());
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
      while (!closed) {
        long waitNanos = movePackets();
        yieldWhenBusy();
        if (waitNanos > 0) {
          device.awaitPacket(waitNanos);
        }
      }
    } catch (IOException failed) {
      failure = String.valueOf(failed.getMessage());
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
          break;
        }
        count++;
        windowPackets++;
        accept(lengthBytes, elapsedNanos());
      }
      long nowNanos = elapsedNanos();
      long nextNanos = nowNanos + LONGEST_WAIT_NANOS;
      for (LabFlow flow : flows) {
        flow.deliverDue(this, scratch, nowNanos);
        nextNanos = Math.min(nextNanos, flow.nextDeliveryNanos());
      }
      return count > 0 ? 0 : Math.max(0, nextNanos - elapsedNanos());
    } finally {
      lock.unlock();
    }
  }

  private void accept(int lengthBytes, long nowNanos) {
    LabDrop problem = IpPacket.check(packet, lengthBytes);
    if (problem != LabDrop.NONE) {
      dropped(problem);
      return;
    }
    int protocol = IpPacket.protocol(packet);
    LabFlow flow;
    boolean goesUp;
    if (IpPacket.isLaterFragment(packet)) {
      flow = fragmentFlow[IpPacket.identification(packet)];
      goesUp = fragmentGoesUp[IpPacket.identification(packet)];
    } else {
      flow = flowUp(protocol, IpPacket.destinationPort(packet));
      goesUp = flow != null;
      if (flow == null) {
        flow = flowDown(protocol, IpPacket.sourcePort(packet));
      }
      if (IpPacket.isFirstFragment(packet)) {
        fragmentFlow[IpPacket.identification(packet)] = flow;
        fragmentGoesUp[IpPacket.identification(packet)] = goesUp;
      }
    }
    if (flow == null) {
      dropped(LabDrop.NO_FLOW);
      return;
    }
    IpPacket.swapAddresses(packet);
    flow.offer(goesUp, packet, IpPacket.totalBytes(packet), nowNanos);
  }

  private @Nullable LabFlow flowUp(int protocol, int destinationPort) {
    for (LabFlow flow : flows) {
      if (flow.isUp(protocol, destinationPort)) {
        return flow;
      }
    }
    return null;
  }

  private @Nullable LabFlow flowDown(int protocol, int sourcePort) {
    for (LabFlow flow : flows) {
      if (flow.isDown(protocol, sourcePort)) {
        return flow;
      }
    }
    return null;
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

  /** Stops the thread, which closes the device. */
  @Override
  public void close() {
    closed = true;
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
