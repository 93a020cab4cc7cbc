package io.posthorn.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.posthorn.JavaProcess;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.MessageSocketBuilder;
import io.posthorn.Mode;
import io.posthorn.capture.CaptureReader;
import io.posthorn.capture.CapturedDatagram;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a socket sends and receives, in a file for network analysers. */
class CapturingDatagramPortTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir private Path folder = Path.of("");

  private static MessageSocketBuilder builder(Mode mode) {
    return MessageSocket.builder().mode(mode);
  }

  private static MessageSocketBuilder onLoopback(Mode mode) {
    return builder(mode).bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  private static List<CapturedDatagram> read(Path file) throws IOException {
    List<CapturedDatagram> all = new ArrayList<>();
    try (CaptureReader in = new CaptureReader(file)) {
      for (CapturedDatagram next = in.next(); next != null; next = in.next()) {
        all.add(next);
      }
      assertEquals(0, in.skipped());
    }
    return all;
  }

  private static Message receive(MessageSocket socket) throws IOException {
    Message message = socket.receive(LONG);
    assertNotNull(message);
    return message;
  }

  @Test
  void eachDatagramIsThereWithTheAddressesOfTheWire() throws IOException {
    Path file = folder.resolve("plain.pcapng");
    int[] lengths = {0, 1, 1_201, 65_507};
    InetSocketAddress peer;
    int port;
    try (MessageSocket echo = onLoopback(Mode.PLAIN).open();
        MessageSocket socket = builder(Mode.PLAIN).capture(file).open()) {
      peer = echo.localAddress();
      port = socket.localAddress().getPort();
      for (int length : lengths) {
        byte[] body = new byte[length];
        java.util.Arrays.fill(body, (byte) length);
        socket.send(peer, body);
        Message message = receive(echo);
        echo.send(message.from(), new byte[] {1});
        receive(socket);
      }
    }
    List<CapturedDatagram> all = read(file);
    assertEquals(2 * lengths.length, all.size());
    // The socket is bound to all addresses; what is on the wire has one.
    InetSocketAddress own = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    long before = 0;
    for (int i = 0; i < all.size(); i++) {
      CapturedDatagram each = all.get(i);
      boolean sent = i % 2 == 0;
      assertEquals(sent ? own : peer, each.from());
      assertEquals(sent ? peer : own, each.to());
      assertEquals(sent ? lengths[i / 2] : 1, each.payload().length);
      assertTrue(each.nanos() >= before, "time goes forward");
      before = each.nanos();
      for (byte b : each.payload()) {
        assertEquals(sent ? (byte) lengths[i / 2] : 1, b);
      }
    }
    long now = System.currentTimeMillis();
    assertTrue(Math.abs(now - before / 1_000_000) < 600_000, "it is the time of day");
  }

  /** Runs of datagrams that leave in one system call are written one by one. */
  @Test
  void whatOneSideReceivesTheOtherHasSent() throws IOException {
    Path sender = folder.resolve("sender.pcapng");
    Path receiver = folder.resolve("receiver.pcapng");
    byte[] body = new byte[200_000];
    try (MessageSocket listener = onLoopback(Mode.RELIABLE).capture(receiver).open();
        MessageSocket socket = onLoopback(Mode.RELIABLE).capture(sender).open()) {
      for (int i = 0; i < 5; i++) {
        socket.send(listener.localAddress(), body);
        assertEquals(body.length, receive(listener).body().remaining());
      }
    }
    List<String> sent = payloads(read(sender));
    List<String> received = payloads(read(receiver));
    assertTrue(received.size() > 10, received.size() + " datagrams");
    // The last ones may come to a socket that is closed; and each side sees its own first.
    List<String> unknown = new ArrayList<>(received);
    sent.forEach(unknown::remove);
    assertEquals(List.of(), unknown.stream().filter(text -> text.startsWith("to")).toList());
    assertTrue(sent.size() >= received.size() - unknown.size());
    assertFalse(sent.stream().anyMatch(text -> text.length() > 2 * 65_507 + 20), "one by one");
  }

  private static List<String> payloads(List<CapturedDatagram> datagrams) {
    InetSocketAddress client = datagrams.get(0).from(); // M1
    return datagrams.stream()
        .map(
            each ->
                (each.from().equals(client) ? "to " : "from ")
                    + HexFormat.of().formatHex(each.payload()))
        .toList();
  }

  @Test
  void whatABadNetworkUnderTheSocketLosesIsNotOnTheWire() throws IOException {
    Path file = folder.resolve("impaired.pcapng");
    try (MessageSocket listener = onLoopback(Mode.PLAIN).open();
        MessageSocket socket = onLoopback(Mode.PLAIN).capture(file).impair("loss 100%").open()) {
      for (int i = 0; i < 10; i++) {
        socket.send(listener.localAddress(), new byte[] {1});
      }
    }
    assertEquals(List.of(), read(file));
  }

  @Test
  void aSharedPortIsCapturedForBothSides() throws IOException {
    Path file = folder.resolve("both.pcapng");
    try (MessageSocket listener = onLoopback(Mode.PLAIN).open();
        MessageSocket reliable = onLoopback(Mode.RELIABLE).sharedPort(true).capture(file).open();
        MessageSocket plain = builder(Mode.PLAIN).beside(reliable).open()) {
      plain.send(listener.localAddress(), new byte[] {'x'});
      listener.send(receive(listener).from(), new byte[] {'y', 'z'});
      assertEquals(2, receive(plain).body().remaining());
    }
    assertEquals(List.of(1, 2), read(file).stream().map(each -> each.payload().length).toList());
  }

  @Test
  void aFileThatCannotBeMadeIsSaidAtOnce() {
    MessageSocketBuilder wrong = onLoopback(Mode.PLAIN).capture(folder.resolve("absent/file"));
    assertThrows(NoSuchFileException.class, wrong::open);
  }

  /** To such a peer there is not even a route to ask for. */
  @Test
  void aPeerOfAFamilyThatIsNotThereDoesNotEndTheSocket() throws Exception {
    for (Mode mode : Mode.values()) {
      Process process =
          JavaProcess.start(
              List.of("-Djava.net.preferIPv4Stack=true"),
              SendToIpv6.class,
              mode.name(),
              folder.resolve(mode + ".pcapng").toString());
      String output = JavaProcess.outputOf(process);
      assertTrue(output.endsWith("exchanged" + System.lineSeparator()), output);
    }
  }

  /** A program that writes to an address of IPv6 and talks on by IPv4. */
  static final class SendToIpv6 {
    private SendToIpv6() {}

    /** Arguments: mode, and the file for the capture. */
    public static void main(String[] arguments) throws Exception {
      Mode mode = Mode.valueOf(arguments[0]);
      byte[] documentation = HexFormat.of().parseHex("20010db8000000000000000000000001");
      InetSocketAddress stranger =
          new InetSocketAddress(InetAddress.getByAddress(documentation), 9);
      try (MessageSocket echo = onLoopback(mode).open();
          MessageSocket socket =
              builder(mode).linger(Duration.ZERO).capture(Path.of(arguments[1])).open()) {
        socket.send(stranger, new byte[1]);
        socket.send(echo.localAddress(), new byte[2]);
        echo.send(receive(echo).from(), new byte[3]);
        if (receive(socket).size() == 3) {
          System.out.println("exchanged");
        }
      }
    }
  }

  @Test
  void aFullDiskDoesNotHoldTheSocketUp() throws IOException {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.exists(full), "the system has no /dev/full");
    try (MessageSocket listener = onLoopback(Mode.RELIABLE).open();
        MessageSocket socket = onLoopback(Mode.RELIABLE).capture(full).open()) {
      for (int i = 0; i < 200; i++) {
        socket.send(listener.localAddress(), new byte[1_000]);
        receive(listener);
      }
    }
  }
}
