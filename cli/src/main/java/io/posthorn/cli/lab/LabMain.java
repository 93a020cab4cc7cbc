package io.posthorn.cli.lab;

import io.posthorn.cli.compare.Carrier;
import io.posthorn.cli.compare.CarrierRun;
import io.posthorn.cli.compare.DeliveryLog;
import io.posthorn.cli.compare.RunningLogs;
import io.posthorn.simulation.LinkConditions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The second process of a lab: makes the device in the namespace that it finds itself in, and runs
 * what it is asked for on standard input, each run on a thread of its own.
 *
 * <p>Lines in: {@code flow}; {@code end-sending}, which cuts short all runs. Lines out: {@code
 * ready} or {@code failed} once; then, with the run's id, {@code progress}, {@code result} or
 * {@code refused}. The end of the input ends the process.
 */
public final class LabMain {
  private static final String INTERFACE = "posthorn0";
  private static final byte[] OWN_ADDRESS = {10, (byte) 210, 0, 1};
  private static final byte[] PEER_ADDRESS = {10, (byte) 210, 0, 2};
  private static final int PREFIX_BITS = 24;
  private static final int MTU_BYTES = 1_500;
  private static final int QUEUE_PACKETS = 20_000;

  /** Server ports of runs: below the range from which the kernel takes ports of clients. */
  private static final int FIRST_PORT = 7_001;

  private static final int PORTS = 20_000;
  private static final long PROGRESS_MILLIS = 100;

  /** So long must a link be empty until nothing is taken to be under way any more. */
  private static final long QUIET_NANOS = 50_000_000L;

  private final PrintStream answers;
  private final TunPump pump;
  private final InetAddress own;
  private final InetAddress peer;
  private final AtomicInteger flows = new AtomicInteger();
  private final RunningLogs running = new RunningLogs();
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(task -> daemon("posthorn-lab-progress", task));

  private LabMain(PrintStream answers, TunPump pump, InetAddress own, InetAddress peer) {
    this.answers = answers;
    this.pump = pump;
    this.own = own;
    this.peer = peer;
  }

  /**
   * Runs until the input ends.
   *
   * @param arguments after how many seconds the process ends in any case
   */
  public static void main(String[] arguments) {
    PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    long lifeSeconds = Long.parseLong(arguments[0]);
    daemon("posthorn-lab-life", () -> endAfter(lifeSeconds)).start();
    try {
      open(answers).serve();
    } catch (IOException failed) {
      answers.println(new LabLine("failed").put("reason", String.valueOf(failed.getMessage())));
    } catch (LinkageError nativeLibrary) {
      answers.println(
          new LabLine("failed")
              .put("reason", "JNA's native library does not load: " + nativeLibrary.getMessage()));
    }
    // At once: what still runs here is of no use to anybody, and the namespace goes with it.
    Runtime.getRuntime().halt(0);
  }

  private static void endAfter(long seconds) {
    try {
      TimeUnit.SECONDS.sleep(seconds);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(1);
  }

  private static Thread daemon(String name, Runnable body) {
    Thread thread = new Thread(body, name);
    thread.setDaemon(true);
    return thread;
  }

  private static LabMain open(PrintStream answers) throws IOException {
    InetAddress own = InetAddress.getByAddress(OWN_ADDRESS);
    TunDevice.raiseLoopback();
    TunDevice device =
        TunDevice.open(INTERFACE, (Inet4Address) own, PREFIX_BITS, MTU_BYTES, QUEUE_PACKETS);
    TunPump pump = new TunPump(device, PEER_ADDRESS[PEER_ADDRESS.length - 1]);
    pump.start();
    answers.println(
        new LabLine("ready")
            .put("congestion", KernelNetwork.congestionController())
            .put("available", KernelNetwork.availableControllers()));
    return new LabMain(answers, pump, own, InetAddress.getByAddress(PEER_ADDRESS));
  }

  private void serve() throws IOException {
    BufferedReader requests =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String text = requests.readLine(); text != null; text = requests.readLine()) {
      LabLine line = LabLine.parse(text);
      if (line.word().equals("end-sending")) {
        running.endSending();
        continue;
      }
      int id = line.integer("id");
      daemon("posthorn-lab-run-" + id, () -> run(id, line)).start();
    }
  }

  private void run(int id, LabLine line) {
    try {
      answers.println(run(id, FlowRequest.parse(line)).toLine(id));
    } catch (IllegalArgumentException | IOException refused) {
      answers.println(
          new LabLine("refused").put("id", id).put("reason", String.valueOf(refused.getMessage())));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private FlowResult run(int id, FlowRequest request) throws IOException, InterruptedException {
    int port = FIRST_PORT + flows.getAndIncrement() % PORTS;
    LinkConditions up = LinkConditions.parse(request.up());
    LinkConditions down = LinkConditions.parse(request.down());
    DeliveryLog log = new DeliveryLog(request.schedule(), request.messageBytes());
    LabFlow flow = pump.open(request.transport().protocol(), port, up, down, request.seed());
    long overloadBefore = overloadDrops();
    running.add(log);
    ScheduledFuture<?> progress =
        clock.scheduleAtFixedRate(
            () -> tellProgress(id, log), PROGRESS_MILLIS, PROGRESS_MILLIS, TimeUnit.MILLISECONDS);
    try {
      long openingNanos = System.nanoTime();
      String controller = "";
      long connectNanos = 0;
      CarrierRun.Outcome outcome;
      try {
        Carrier carrier = request.transport().open(new InetSocketAddress(own, port), peer, request);
        controller = carrier.congestionController();
        connectNanos = carrier.resends() ? System.nanoTime() - openingNanos : 0;
        outcome =
            CarrierRun.run(
                carrier,
                request.schedule(),
                request.messageBytes(),
                request.timeoutNanos(),
                () -> pump.isQuiet(flow, QUIET_NANOS),
                log);
      } catch (IOException failed) {
        outcome = new CarrierRun.Outcome(FlowResult.UNKNOWN, String.valueOf(failed.getMessage()));
      }
      TunPump.Traffic traffic = pump.traffic(flow);
      return new FlowResult(
          log.summary(),
          traffic.up(),
          traffic.down(),
          outcome.retransmissions(),
          controller,
          connectNanos,
          traffic.lateP99Nanos(),
          overloadDrops() - overloadBefore,
          pump.failure().isEmpty() ? outcome.failure() : "the lab failed: " + pump.failure());
    } finally {
      running.remove(log);
      progress.cancel(false);
      pump.close(flow);
    }
  }

  /** What this machine lost by being too slow, before the link or behind it. */
  private long overloadDrops() throws IOException {
    return KernelNetwork.droppedOnSend(INTERFACE)
        + KernelNetwork.receiveBufferOverflows()
        + pump.drops(LabDrop.REFUSED_BY_KERNEL);
  }

  private void tellProgress(int id, DeliveryLog log) {
    answers.println(
        new LabLine("progress")
            .put("id", id)
            .put("sent", log.sent())
            .put("delivered", log.delivered()));
  }
}
