package io.posthorn;

import static io.posthorn.Loopback.socket;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.Closeable;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Faults 17 and 26 to 32 of the list of faults, on real sockets and in processes of their own. What
 * the system's calls refuse stands in {@link HostileKernelTest} (FAULTS 29), interrupted threads in
 * {@link SocketEndContractTest} (FAULTS 31), addresses that cannot be bound in {@link
 * PlainSocketTest} (FAULTS 28).
 */
class HostFaultsTest {
  private static final Duration LONG = Duration.ofSeconds(20);

  /** Empty, as long as UDP allows, from IPv4 and IPv6: dropped and counted, or delivered. */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void fault17_anySizeFromAnyFamilyIsCountedOrDelivered(Mode mode) throws Exception {
    try (MessageSocket a =
            MessageSocket.builder().mode(mode).bind(new InetSocketAddress(0)).open();
        DatagramSocket raw = new DatagramSocket()) {
      int port = a.localAddress().getPort();
      int[] sizes = {0, 1, 1_200, 65_507};
      int sent = 0;
      for (String host : new String[] {"127.0.0.1", "::1"}) {
        for (int size : sizes) {
          try {
            raw.send(new DatagramPacket(new byte[size], size, InetAddress.getByName(host), port));
            sent++;
          } catch (IOException noSuchFamily) {
            assertEquals("::1", host, noSuchFamily.toString());
          }
        }
      }
      if (mode == Mode.PLAIN) {
        List<Integer> received = new ArrayList<>();
        for (int i = 0; i < sent; i++) {
          Message message = a.receive(LONG);
          assertNotNull(message, received + " of " + sent);
          received.add(message.size());
        }
        assertEquals(sizes.length, received.subList(0, sizes.length).stream().distinct().count());
        return;
      }
      try (MessageSocket b = socket(mode).open()) {
        b.send(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), port), "good".getBytes(UTF_8));
        Message message = a.receive(LONG);
        assertNotNull(message);
        assertEquals("good", message.text());
      }
      assertTrue(a.statistics().dropsTotal() >= sent, a.statistics().toString());
    }
  }

  private static Process java(List<String> before, List<String> options, Class<?> main)
      throws IOException {
    List<String> words = new ArrayList<>(before);
    words.addAll(JavaProcess.command(options, main));
    return new ProcessBuilder(words).redirectErrorStream(true).start();
  }

  private static String outputOf(Process process) throws Exception {
    try {
      CompletableFuture<String> output =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return new String(process.getInputStream().readAllBytes(), UTF_8);
                } catch (IOException e) {
                  return e.toString();
                }
              });
      assertTrue(process.waitFor(90, TimeUnit.SECONDS), "the process does not end");
      return output.get(10, TimeUnit.SECONDS);
    } finally {
      process.destroyForcibly();
    }
  }

  /**
   * No descriptor is left, or fewer than a socket needs: the error says so and names the limit,
   * open sockets live on, and what is freed is used.
   */
  @Test
  @EnabledOnOs(OS.LINUX)
  void fault26_withoutDescriptorsNothingOpenSuffers() throws Exception {
    Process process = java(List.of("prlimit", "--nofile=120:120"), List.of(), Exhausted.class);
    String output = outputOf(process);
    assertTrue(output.endsWith("recovered\n"), output);
    List<String> refusals = output.lines().filter(line -> line.startsWith("refused: ")).toList();
    assertTrue(refusals.size() >= 5, output);
    for (String refusal : refusals) {
      assertTrue(refusal.toLowerCase(Locale.ROOT).contains("too many open files"), output);
      assertTrue(refusal.contains("raise the limit (ulimit -n)"), output);
    }
  }

  /** The program of a process with few descriptors. */
  static final class Exhausted {
    private Exhausted() {}

    /** No arguments. */
    public static void main(String[] arguments) throws Exception {
      try (MessageSocket a = socket(Mode.RELIABLE).open();
          MessageSocket b = socket(Mode.RELIABLE).open()) {
        for (boolean portable : new boolean[] {false, true}) {
          load(portable, a.localAddress());
          talk(a, b);
          List<Closeable> others = exhaust();
          talk(a, b);
          while (isRefused(portable)) {
            others.remove(others.size() - 1).close();
          }
          for (Closeable other : others) {
            other.close();
          }
          try (MessageSocket again = open(portable)) {
            talk(again, b);
          }
        }
      }
      System.out.println("recovered");
    }

    private static MessageSocket open(boolean portable) throws IOException {
      return socket(Mode.RELIABLE).portableIo(portable).open();
    }

    /** Has the classes loaded that will be needed without a descriptor: they are files too. */
    private static void load(boolean portable, InetSocketAddress taken) throws IOException {
      try (MessageSocket one = open(portable);
          MessageSocket other = open(portable)) {
        talk(one, other);
      }
      assertThrows(
          BindException.class,
          () -> socket(Mode.RELIABLE).portableIo(portable).bind(taken).open().close());
    }

    /** Opens whatever until nothing more opens. */
    private static List<Closeable> exhaust() {
      List<Closeable> others = new ArrayList<>();
      try {
        while (true) {
          others.add(new FileInputStream("/dev/null"));
        }
      } catch (FileNotFoundException none) {
        return others;
      }
    }

    private static boolean isRefused(boolean portable) {
      try {
        open(portable).close(Duration.ZERO);
        return false;
      } catch (IOException e) {
        System.out.println("refused: " + e.getMessage());
        return true;
      }
    }

    private static void talk(MessageSocket from, MessageSocket to) throws IOException {
      for (int i = 0; i < 20; i++) {
        String text = Integer.toString(i);
        from.send(to.localAddress(), text.getBytes(UTF_8));
        Message message = to.receive(LONG);
        if (message == null || !message.text().equals(text)) {
          throw new IllegalStateException(text + ": " + message);
        }
      }
    }
  }

  /** A heap smaller than what peers want to fill, and a reader that sleeps: they have to wait. */
  @Test
  @Timeout(100)
  void fault27_aSmallHeapIsNotFilledByPeersWhoseMessagesNobodyTakes() throws Exception {
    Process process = java(List.of(), List.of("-Xmx64m"), SmallHeap.class);
    int peers = 12;
    int messages = 80;
    List<MessageSocket> sockets = new ArrayList<>();
    try {
      InetSocketAddress to =
          new InetSocketAddress(InetAddress.getLoopbackAddress(), numberFrom(process));
      List<Receipt> receipts = new ArrayList<>();
      for (int i = 0; i < peers; i++) {
        MessageSocket socket = socket(Mode.RELIABLE).sendBufferBytes(16 << 20).open();
        sockets.add(socket);
        for (int j = 0; j < messages; j++) {
          receipts.add(socket.send(Message.to(to).body(new byte[100_000])));
        }
      }
      for (int i = 0; i < peers; i++) {
        awaitPeersWindow(sockets.get(i), receipts.get((i + 1) * messages - 1));
      }
      assertTrue(
          receipts.stream().anyMatch(receipt -> !receipt.acknowledged().isDone()),
          "nobody had to wait");
      process.getOutputStream().write("read\n".getBytes(UTF_8));
      process.getOutputStream().flush();
      for (Receipt receipt : receipts) {
        receipt.acknowledged().get(60, TimeUnit.SECONDS);
      }
      assertEquals(peers * messages + " read\n", outputOf(process));
    } finally {
      process.destroyForcibly();
      for (MessageSocket socket : sockets) {
        socket.close(Duration.ZERO);
      }
    }
  }

  /** Until the peer takes no more for now, or has taken all. */
  private static void awaitPeersWindow(MessageSocket socket, Receipt last) throws Exception {
    while (true) {
      ConnectionInfo info = socket.connections().get(0);
      if (info.limitedBy() == ConnectionInfo.LimitedBy.PEER_WINDOW || info.bytesQueued() == 0) {
        return;
      }
      last.await(Duration.ofMillis(20));
    }
  }

  /** The program with a small heap: reads when it is told. */
  static final class SmallHeap {
    private SmallHeap() {}

    /** No arguments; prints its port, waits for a line, reads all, and says how much that was. */
    public static void main(String[] arguments) throws Exception {
      try (MessageSocket socket = socket(Mode.RELIABLE).open()) {
        System.out.println(socket.localAddress().getPort());
        while (System.in.read() != '\n') {
          // the other side sends meanwhile
        }
        int read = 0;
        while (read < 960 && socket.receive(LONG) != null) {
          read++;
        }
        System.out.println(read + " read");
      }
    }
  }

  /** Strangers connect until they are refused: by then the heap is not full, and all goes on. */
  @Test
  @EnabledOnOs(OS.LINUX)
  @Timeout(100)
  void fault27_aSmallHeapIsNotFilledByConnections() throws Exception {
    // It is to answer from the address that was asked, or no refusal is believed: the fast port.
    List<String> options =
        Runtime.version().feature() < 24
            ? List.of("-Xmx64m")
            : List.of("-Xmx64m", "--enable-native-access=ALL-UNNAMED");
    Process process = java(List.of(), options, CrowdedHeap.class);
    List<Connection> connected = new ArrayList<>();
    // One socket is many peers: each address that it writes to is another. It believes a refusal,
    // which could be anybody's, when the handshake's time is over.
    Duration patience = Duration.ofSeconds(2);
    try (MessageSocket a =
            socket(Mode.RELIABLE).maxConnections(10_000).handshakeTimeout(patience).open();
        MessageSocket later = socket(Mode.RELIABLE).open()) {
      int port = numberFrom(process);
      assertThrows(
          ConnectionRefusedException.class,
          () -> {
            while (connected.size() < 5_000) {
              connected.add(a.connect(loopback(connected.size(), port)));
            }
          });
      assertTrue(connected.size() >= 1_000, connected.size() + " peers");
      List<Receipt> receipts = new ArrayList<>();
      for (Connection connection : connected) {
        receipts.add(
            connection.send(
                Message.to(connection.remoteAddress()).body("still here".getBytes(UTF_8))));
      }
      for (Receipt receipt : receipts) {
        assertEquals(Outcome.Kind.ACKNOWLEDGED, Objects.requireNonNull(receipt.await(LONG)).kind());
      }
      process.getOutputStream().write((later.localAddress().getPort() + "\n").getBytes(UTF_8));
      process.getOutputStream().flush();
      String output = outputOf(process);
      assertTrue(output.contains("this socket has " + connected.size() + " connections"), output);
      assertTrue(output.endsWith(connected.size() + " messages\n"), output);
    } finally {
      process.destroyForcibly();
    }
  }

  private static InetSocketAddress loopback(int index, int port) throws IOException {
    byte[] address = {127, 1, (byte) (index >> 8), (byte) index};
    return new InetSocketAddress(InetAddress.getByAddress(address), port);
  }

  private static int numberFrom(Process process) throws IOException {
    int number = 0;
    for (int c = process.getInputStream().read(); c != '\n'; c = process.getInputStream().read()) {
      assertTrue(Character.isDigit(c), "the process ended");
      number = number * 10 + c - '0';
    }
    return number;
  }

  /** The program with a small heap that many connect to. */
  static final class CrowdedHeap {
    private CrowdedHeap() {}

    /**
     * No arguments; prints its port, waits for that of another socket, says why it does not connect
     * to it, and then from how many it had a message.
     */
    public static void main(String[] arguments) throws Exception {
      InetSocketAddress any = new InetSocketAddress(InetAddress.getByAddress(new byte[4]), 0);
      try (MessageSocket socket = MessageSocket.builder().bind(any).open()) {
        System.out.println(socket.localAddress().getPort());
        int port = 0;
        for (int c = System.in.read(); c != '\n'; c = System.in.read()) {
          port = port * 10 + c - '0';
        }
        try {
          socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        } catch (ConnectionLimitException e) {
          System.out.println(e.getMessage());
        }
        int peers = socket.connections().size();
        int messages = 0;
        while (messages < peers && socket.receive(LONG) != null) {
          messages++;
        }
        System.out.println(messages + " messages");
      }
    }
  }

  /**
   * To each datagram the kernel answers by ICMP that the port is nobody's, until it is somebody's.
   */
  @Test
  @Timeout(100)
  void fault12_aPortThatIsUnreachableIsWaitedFor() throws Exception {
    InetSocketAddress later;
    try (DatagramSocket once = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      later = (InetSocketAddress) once.getLocalSocketAddress();
    }
    try (MessageSocket a = socket(Mode.RELIABLE).open()) {
      Receipt receipt = a.send(Message.to(later).body("patience".getBytes(UTF_8)));
      while (a.statistics().datagramsSent() < 3) {
        Thread.onSpinWait();
      }
      try (MessageSocket b = MessageSocket.builder().bind(later).open()) {
        Message message = b.receive(LONG);
        assertNotNull(message, "it never came");
        assertEquals("patience", message.text());
        Outcome outcome = receipt.await(LONG);
        assertNotNull(outcome);
        assertEquals(Outcome.Kind.ACKNOWLEDGED, outcome.kind());
      }
    }
  }

  /** The kernel's buffer overflows while nobody empties it: that is loss, and is repaired. */
  @Test
  @Timeout(100)
  void fault30_whatTheKernelDropsIsSentAgain() throws Exception {
    CompletableFuture<Void> stands = new CompletableFuture<>();
    CompletableFuture<Void> gate = new CompletableFuture<>();
    List<String> texts = new ArrayList<>();
    CompletableFuture<Void> all = new CompletableFuture<>();
    int count = 300;
    try (MessageSocket a = socket(Mode.RELIABLE).open();
        MessageSocket b = socket(Mode.RELIABLE).open();
        DatagramSocket flood = new DatagramSocket()) {
      b.onMessage(
          message -> {
            stands.complete(null);
            gate.join(); // the thread that reads the socket stands here
            texts.add(message.text());
            if (texts.size() == count) {
              all.complete(null);
            }
          });
      a.send(b.localAddress(), "0".getBytes(UTF_8));
      stands.get(40, TimeUnit.SECONDS);
      byte[] garbage = new byte[60_000];
      DatagramPacket packet = new DatagramPacket(garbage, garbage.length, b.localAddress());
      // Of what is granted, the system takes as much again for its own needs. Where no long one
      // fits any more, short ones take the rest.
      int filling = 100 + 4 * b.statistics().grantedReceiveBufferBytes() / garbage.length;
      int flooded = filling + 1_000;
      for (int i = 0; i < flooded; i++) {
        packet.setLength(i < filling ? garbage.length : 1);
        flood.send(packet);
      }
      long before = a.statistics().datagramsSent();
      for (int i = 1; i < count; i++) {
        a.send(b.localAddress(), Integer.toString(i).getBytes(UTF_8));
      }
      while (a.statistics().datagramsSent() < before + 3) {
        Thread.onSpinWait(); // into the full buffer: probes, if no more
      }
      gate.complete(null);
      all.get(40, TimeUnit.SECONDS);
      for (int i = 0; i < count; i++) {
        assertEquals(Integer.toString(i), texts.get(i));
      }
      // The messages left behind the flood, so whatever of it was not lost has been counted.
      long counted = b.statistics().dropsTotal();
      assertTrue(counted < flooded - 50, counted + " of " + flooded + " came in: all of it fits");
    }
  }

  /** A thousand sockets opened and closed: descriptors and threads are back where they were. */
  @Test
  void fault32_aThousandSocketsLeaveNothingBehind() throws Exception {
    socket(Mode.RELIABLE).open().close();
    socket(Mode.PLAIN).open().close();
    Set<Thread> before = SocketThreads.all();
    long descriptors = Descriptors.open();
    for (int i = 0; i < 1_000; i++) {
      socket(i % 2 == 0 ? Mode.RELIABLE : Mode.PLAIN).open().close(Duration.ZERO);
    }
    assertEquals(List.of(), SocketThreads.since(before));
    long after = Descriptors.open();
    assertTrue(after <= descriptors + 2, descriptors + " descriptors before, " + after + " after");
  }

  /** A port that is in use and an address of elsewhere: the error names it, and no thread stays. */
  @Test
  void fault28_whatCannotBeBoundLeavesNoThread() throws Exception {
    try (MessageSocket a = socket(Mode.RELIABLE).open()) {
      int port = a.localAddress().getPort();
      InetSocketAddress foreign = new InetSocketAddress(InetAddress.getByName("192.0.2.1"), port);
      int before = Thread.activeCount();
      for (int i = 0; i < 100; i++) {
        InetSocketAddress at = i % 2 == 0 ? a.localAddress() : foreign;
        BindException e =
            assertThrows(BindException.class, () -> socket(Mode.RELIABLE).bind(at).open().close());
        String named = at.getAddress().getHostAddress() + ":" + port;
        assertTrue(String.valueOf(e.getMessage()).contains(named), e.getMessage());
      }
      assertTrue(Thread.activeCount() <= before + 1, "threads are left");
    }
  }
}
