package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.posthorn.Delivery;
import io.posthorn.JavaProcess;
import io.posthorn.Mode;
import io.posthorn.Security;
import io.posthorn.SocketOptions;
import io.posthorn.protocol.OutgoingMessage;
import io.posthorn.protocol.SendOutcome;
import io.posthorn.protocol.protection.AesGcmProtection;
import io.posthorn.protocol.protection.KeyLimits;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a flow of small messages allocates: each copied from a buffer when it is sent, and lent
 * where it lies when it has come, as {@code onMessage} has it. Counted, on both ends and by one
 * thread, in a virtual machine of its own, once rings have the size that the flow needs. The
 * interpreter counts what the source says; a compiler may leave some of that out, and is not to be
 * needed for it.
 */
class FlowAllocationTest {
  /** To tell none at all from little: a tenth of a byte a message. */
  private static final int MESSAGES_A_BYTE = 10;

  /** For the JDK's AES-GCM to seal or open a packet: 1,112 to 1,191 on 17, up to 1,255 on 25. */
  private static final int CIPHER_BYTES = 1_280;

  private static final int OWN_BYTES_A_PACKET = 16;

  @ParameterizedTest
  @CsvSource({"20000, -Xint", "200000, -XX:TieredStopAtLevel=1"})
  void inClearNothingIsAllocated(int messages, String compiler) throws Exception {
    Counted counted = count("clear", messages, compiler);
    assertTrue(counted.bytes <= messages / MESSAGES_A_BYTE, counted::toString);
  }

  @ParameterizedTest
  @CsvSource({"20000, -Xint", "200000, -XX:TieredStopAtLevel=1"})
  void inPlainModeNothingIsAllocated(int messages, String compiler) throws Exception {
    Counted counted = count("plain", messages, compiler);
    assertEquals(messages, counted.packets);
    assertTrue(counted.bytes <= messages / MESSAGES_A_BYTE, counted::toString);
  }

  @ParameterizedTest
  @CsvSource({"2000, -Xint", "200000, -XX:TieredStopAtLevel=1"})
  void sealedAlmostNothingIsAllocatedBesideTheCipher(int messages, String compiler)
      throws Exception {
    Counted counted = count("sealed", messages, compiler);
    assertTrue(counted.cipherBytes <= 2 * CIPHER_BYTES, counted::toString);
    long own = counted.bytes - counted.packets * counted.cipherBytes;
    assertTrue(own <= counted.packets * OWN_BYTES_A_PACKET, counted::toString);
  }

  /**
   * A measurement.
   *
   * @param bytes allocated on both ends together
   * @param packets that carried all that
   * @param cipherBytes what sealing a packet and opening it allocates
   */
  private record Counted(long bytes, long packets, long cipherBytes) {}

  private static Counted count(String security, int messages, String compiler) throws Exception {
    Process process =
        JavaProcess.start(
            List.of("-XX:+UseSerialGC", "-Xmx256m", compiler),
            Measurement.class,
            security,
            Integer.toString(messages));
    String[] words = JavaProcess.outputOf(process).strip().split(" ", -1);
    Counted counted =
        new Counted(Long.parseLong(words[0]), Long.parseLong(words[1]), Long.parseLong(words[2]));
    assertTrue(counted.packets > messages / 100, () -> "hardly anything was sent: " + counted);
    return counted;
  }

  /** The program of that virtual machine. */
  static final class Measurement {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final Duration TURN = Duration.ofMillis(1);
    private static final int BATCH = 100;
    private static final int PACKET_BYTES = 1_000;
    private static final int CIPHER_RUNS = 100;

    private final DirectHosts hosts = new DirectHosts();
    private final DirectHosts.Host sender;
    private final DirectHosts.Host receiver;
    private final ByteBuffer body;

    private Measurement(SocketOptions options, int messageBytes) {
      sender = hosts.add(options);
      receiver = hosts.add(options);
      body = ByteBuffer.allocate(messageBytes);
    }

    /**
     * {@code sealed}, {@code clear} or {@code plain}, how many messages, and how long they are, 64
     * if not said.
     */
    public static void main(String[] arguments) {
      boolean sealed = arguments[0].equals("sealed");
      Security security = sealed ? Security.ephemeral() : Security.none();
      SocketOptions options =
          arguments[0].equals("plain")
              ? SocketOptions.defaults(Mode.PLAIN)
              : HandPeer.options(security, 10, 64 << 20);
      int messages = Integer.parseInt(arguments[1]);
      int bytes = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 64;
      new Measurement(options, bytes).print(messages, sealed);
    }

    private void print(int messages, boolean sealed) {
      long connection = sender.endpoint.connect(receiver.address, hosts.nowNanos);
      hosts.run(TURN);
      OutgoingMessage first =
          new OutgoingMessage(
              connection,
              receiver.address,
              0,
              Delivery.RELIABLE_ORDERED,
              -1,
              new byte[body.capacity()],
              false,
              Endpoint.NEVER,
              false,
              null);
      assertEquals(SendOutcome.ACCEPTED, sender.endpoint.send(first, hosts.nowNanos));
      send(connection, Math.max(1_000, messages / 10)); // until rings and ciphers are there
      long cipherBytes = sealed ? cipherBytes() : 0;
      long packets = hosts.datagrams;
      long received = receiver.received;
      long before = THREADS.getCurrentThreadAllocatedBytes();
      send(connection, messages);
      long bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
      assertEquals(messages, receiver.received - received);
      System.out.println(bytes + " " + (hosts.datagrams - packets) + " " + cipherBytes);
    }

    private void send(long connection, int messages) {
      for (int sent = 0; sent < messages; ) {
        for (int i = 0; i < BATCH && sent < messages; i++) {
          body.clear();
          if (sender.endpoint.sendBody(connection, receiver.address, 0, body, hosts.nowNanos)
              != SendOutcome.ACCEPTED) {
            break;
          }
          sent++;
        }
        hosts.run(TURN);
      }
      hosts.run(Duration.ofSeconds(1));
    }

    /** For a packet as long as most; some lengths take 64 B less. */
    private static long cipherBytes() {
      byte[] secret = new byte[32];
      byte[] other = new byte[32];
      other[0] = 1;
      AesGcmProtection here = new AesGcmProtection(secret, other, KeyLimits.DEFAULT);
      AesGcmProtection there = new AesGcmProtection(other, secret, KeyLimits.DEFAULT);
      byte[] plain = new byte[PACKET_BYTES];
      byte[] packet = new byte[PACKET_BYTES + 100];
      long before = 0;
      for (int i = 0; i < 2 * CIPHER_RUNS; i++) {
        if (i == CIPHER_RUNS) {
          before = THREADS.getCurrentThreadAllocatedBytes();
        }
        int length = here.seal(1, i, 4, plain, 0, plain.length, packet, 0);
        assertEquals(plain.length, there.open(packet, 0, length, i - 1, 0, plain, 0));
      }
      return (THREADS.getCurrentThreadAllocatedBytes() - before) / CIPHER_RUNS;
    }
  }
}
