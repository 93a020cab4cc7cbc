package io.posthorn.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.posthorn.DraftOptions;
import io.posthorn.JavaProcess;
import io.posthorn.Mode;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.endpoint.Endpoint;
import io.posthorn.endpoint.EndpointSetup;
import io.posthorn.endpoint.PlainEndpoint;
import io.posthorn.endpoint.ReliableEndpoint;
import io.posthorn.io.DatagramPort;
import io.posthorn.io.PortChoice;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.PortLimits;
import io.posthorn.protocol.SendOutcome;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What a flow of small messages in clear allocates between the call that sends and the handler, on
 * real ports: lanes, turns, waits and system calls, beside what {@code FlowAllocationTest} counts.
 * One thread makes the turns of both ends, for what a lock that two threads want allocates is the
 * JDK's. In a virtual machine of its own, whose compiler leaves out nothing that the source says.
 */
class SocketAllocationTest {
  private static final int MESSAGES = 2_000;

  /** To tell none at all from little: a tenth of a byte a message. */
  private static final int MOST_BYTES = MESSAGES / 10;

  @Test
  void aFlowInClearAllocatesNothing() throws Exception {
    Process process = JavaProcess.start(List.of("-XX:+UseSerialGC", "-Xmx256m"), Measurement.class);
    String output = JavaProcess.outputOf(process);
    List<String> counted = output.lines().filter(line -> line.startsWith("counted ")).toList();
    assertEquals(4, counted.size(), output);
    for (String line : counted) {
      assertTrue(Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)) <= MOST_BYTES, output);
    }
  }

  /** The program of that virtual machine. */
  static final class Measurement {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final InetSocketAddress ANY =
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final int MOST_ROUNDS = 20;
    private static final int BATCH = 50;
    private static final long LITTLE_NANOS = 1_000_000;

    private final SocketDriver sender;
    private final SocketDriver receiver;
    private final InetSocketAddress to;
    private final ByteBuffer body = ByteBuffer.allocate(64);
    private int received;

    private Measurement(Mode mode, boolean portable) throws IOException {
      sender = driver(mode, portable);
      receiver = driver(mode, portable);
      to = receiver.localAddress();
      receiver.bodyHandler((from, channel, bytes, at, length) -> received++);
    }

    private static SocketDriver driver(Mode mode, boolean portable) throws IOException {
      DatagramPort port = PortChoice.open(ANY, null, portable, mode == Mode.RELIABLE);
      DraftOptions draft = DraftOptions.of(mode);
      draft.security = Security.none();
      SocketOptions options = draft.done();
      return SocketDriver.prepare(
          port,
          isSelf ->
              mode == Mode.PLAIN
                  ? new PlainEndpoint(options)
                  : new ReliableEndpoint(
                      new EndpointSetup(options, new SecureRandom(), isSelf)
                          .withPort(new PortLimits(port::largestDatagramBytes, 1_200))),
          0,
          0,
          action -> new Thread(() -> {}));
    }

    /** Prints what each way in each mode allocates. */
    public static void main(String[] arguments) throws IOException {
      for (Mode mode : Mode.values()) {
        for (boolean portable : new boolean[] {false, true}) {
          Measurement one = new Measurement(mode, portable);
          one.begin();
          one.send(MESSAGES); // until rings have their size
          System.out.println(
              "counted " + mode + (portable ? " portable " : " ") + one.leastBytes());
        }
      }
      System.exit(0);
    }

    /**
     * Of some rounds, if it is not few enough in the first: where the machine stands still, probes
     * and losses come in between.
     */
    private long leastBytes() throws IOException {
      long least = Long.MAX_VALUE;
      for (int i = 0; i < MOST_ROUNDS && least > MOST_BYTES; i++) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        send(MESSAGES);
        least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
      }
      return least;
    }

    /** Until small messages have a lane. */
    private void begin() throws IOException {
      while (sender.lanes.find(to, 0) == null) {
        int before = received;
        OutgoingMessage message = OutgoingMessage.ordered(Endpoint.NO_CONNECTION, to, new byte[1]);
        assertEquals(SendOutcome.ACCEPTED, sender.sending().trySend(message));
        while (received == before) {
          turn();
        }
      }
    }

    private void send(int messages) throws IOException {
      int until = received + messages;
      while (received < until) {
        int batch = received + BATCH;
        for (int i = 0; i < BATCH; i++) {
          body.clear();
          assertTrue(sender.sending().sendSmall(to, 0, body));
        }
        while (received < batch) {
          turn();
        }
      }
    }

    private void turn() throws IOException {
      assertTrue(sender.turn(sender.clock().nowNanos()));
      assertTrue(receiver.turn(receiver.clock().nowNanos() + LITTLE_NANOS));
      while (receiver.dispatchMessages()) {
        // There may be more.
      }
    }
  }
}
