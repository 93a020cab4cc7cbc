package io.posthorn.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Connection;
import io.posthorn.ConnectionClosedException;
import io.posthorn.ConnectionInfo;
import io.posthorn.Message;
import io.posthorn.MessageOutputStream;
import io.posthorn.MessageSocket;
import io.posthorn.Receipt;
import io.posthorn.Security;
import io.posthorn.cli.session.Application;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Commands in this process that meet a peer over the loopback; limits of time are guards only. */
@Timeout(120)
class LoopbackCommandsTest {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();
  private static final InetSocketAddress ANY = new InetSocketAddress(HERE, 0);
  private static final Pattern LISTENING = Pattern.compile("listening on \\S+:(\\d+)");
  private static final InputStream NOTHING = InputStream.nullInputStream();

  @TempDir private Path home;
  private final Collected out = new Collected();
  private final Collected err = new Collected();

  /** What was written, which others wait for. */
  private static final class Collected extends OutputStream {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Override
    public synchronized void write(int b) {
      bytes.write(b);
      notifyAll();
    }

    @Override
    public synchronized void write(byte[] from, int offset, int length) {
      bytes.write(from, offset, length);
      notifyAll();
    }

    synchronized String text() {
      return bytes.toString(UTF_8);
    }

    synchronized Matcher await(Pattern pattern) throws InterruptedException {
      while (true) {
        Matcher matcher = pattern.matcher(text());
        if (matcher.find()) {
          return matcher;
        }
        wait();
      }
    }

    synchronized void await(String text) throws InterruptedException {
      while (!text().contains(text)) {
        wait();
      }
    }
  }

  private int run(InputStream in, OutputStream to, String... words) {
    return Posthorn.run(
        new Streams(in, to, err, false, false, Map.of("POSTHORN_HOME", home.toString())), words);
  }

  private CompletableFuture<Integer> start(String... words) {
    CompletableFuture<Integer> status = new CompletableFuture<>();
    Thread thread = new Thread(() -> status.complete(run(NOTHING, out, words)), "command");
    thread.setDaemon(true);
    thread.start();
    return status;
  }

  private static MessageSocket peer() throws IOException {
    return MessageSocket.builder().security(Security.ephemeral()).bind(ANY).open();
  }

  private static String at(MessageSocket socket) {
    return "127.0.0.1:" + socket.localAddress().getPort();
  }

  /** An echo of datagrams, until the socket is closed. */
  private static void echo(DatagramSocket socket) {
    Thread thread =
        new Thread(
            () -> {
              DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
              try {
                while (true) {
                  packet.setLength(65_535);
                  socket.receive(packet);
                  socket.send(packet);
                }
              } catch (IOException closed) {
                return;
              }
            },
            "echo");
    thread.setDaemon(true);
    thread.start();
  }

  private InetSocketAddress listening() throws InterruptedException {
    return new InetSocketAddress(HERE, Integer.parseInt(err.await(LISTENING).group(1)));
  }

  @Test
  void pingThatIsAlwaysLateTakesAnswersAllTheSame() throws Exception {
    try (DatagramSocket echo = new DatagramSocket(ANY)) {
      echo(echo);
      String to = "127.0.0.1:" + echo.getLocalPort();
      CompletableFuture<Integer> status = new CompletableFuture<>();
      Thread ping =
          new Thread(() -> status.complete(run(NOTHING, out, "ping", "-u", to, "-i0")), "ping");
      ping.setDaemon(true);
      ping.start();
      out.await(" bytes from 127.0.0.1:");
      ping.interrupt(); // here no signal is why, so that it is a fault
      assertEquals(75, status.get());
    }
  }

  @Test
  void pingSumsUpWhatCameBeforeTheListenerEnded() throws Exception {
    try (MessageSocket listener = peer()) {
      CompletableFuture<Integer> status = start("ping", at(listener), "-i", "0.002");
      Message ping = listener.receive();
      Connection connection = ping.connection();
      connection.send(
          connection.message().channel(ping.channel()).delivery(ping.delivery()).body(ping.body()));
      out.await("seq=1 ");
      connection.close(Duration.ZERO);
      assertEquals(75, status.get());
      assertTrue(out.text().contains(" ping statistics ---"), out.text());
      assertTrue(out.text().contains(" 1 received"), out.text());
    }
  }

  @Test
  void sendSumsUpWhatWasSentBeforeThePeerEnded() throws Exception {
    try (MessageSocket listener = peer()) {
      CompletableFuture<Integer> status = start("send", at(listener), "-n", "1000000000", "x");
      listener.receive().connection().close(75, "enough", Duration.ZERO);
      assertEquals(75, status.get());
      assertTrue(err.text().contains("bytes, to " + at(listener)), err.text());
      assertTrue(err.text().contains("enough"), err.text());
    }
  }

  /** As "head -1" has it: one line is read. */
  private static final class OneLine extends OutputStream {
    private boolean full;

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      if (full) {
        throw new IOException("Broken pipe");
      }
      full = true;
    }
  }

  @Test
  void sendThatWaitsForRepliesEndsWhenNobodyReadsThem() throws Exception {
    try (MessageSocket listener = peer()) {
      CompletableFuture<Integer> status = new CompletableFuture<>();
      Thread thread =
          new Thread(
              () ->
                  status.complete(
                      run(NOTHING, new OneLine(), "send", "-q", "1h", at(listener), "x")),
              "send");
      thread.setDaemon(true);
      thread.start();
      Connection connection = listener.receive().connection();
      try {
        while (!status.isDone()) {
          connection.send("reply".getBytes(UTF_8));
        }
      } catch (IOException gone) {
        assertTrue(
            connection.isOpen() || gone instanceof ConnectionClosedException, gone::toString);
      }
      assertEquals(141, status.get());
    }
  }

  @Test
  void sendThatGoesOnEndsWhenRepliesCannotBeWritten() throws Exception {
    OutputStream fullDisk =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
          }

          @Override
          public void write(byte[] bytes, int from, int length) throws IOException {
            throw new IOException("No space left on device");
          }
        };
    try (MessageSocket listener = peer()) {
      CompletableFuture<Integer> status = new CompletableFuture<>();
      String[] send = {"send", "-n", "1000000000", at(listener), "x"};
      Thread thread = new Thread(() -> status.complete(run(NOTHING, fullDisk, send)), "send");
      thread.setDaemon(true);
      thread.start();
      listener.receive().connection().send("reply".getBytes(UTF_8));
      while (!status.isDone()) {
        listener.receive(Duration.ofMillis(100));
      }
      assertEquals(74, status.get());
      assertTrue(err.text().contains("No space left on device"), err.text());
    }
  }

  @Test
  void doctorLooksAtAPlainPeer() throws Exception {
    try (DatagramSocket echo = new DatagramSocket(ANY)) {
      echo(echo);
      String to = "127.0.0.1:" + echo.getLocalPort();
      int status = run(NOTHING, out, "doctor", "-u", to);
      assertTrue(status <= 1, err.text());
      assertTrue(out.text().contains("a plain UDP echo service answers"), out.text());
      assertEquals(64, run(NOTHING, out, "doctor", "-u", "--nat", "10", to));
      assertEquals(64, run(NOTHING, out, "doctor", "-u", "--impair", "loss 5%", to));
    }
  }

  @Test
  void listenerOfOneSenderServesTheFirstThatSends() throws Exception {
    CompletableFuture<Integer> status = start("listen", "-1", "127.0.0.1:0");
    InetSocketAddress to = listening();
    try (MessageSocket first = peer();
        MessageSocket other = peer()) {
      Connection served = first.connect(to);
      Connection silent = other.connect(to);
      served.send("one".getBytes(UTF_8));
      out.await("one\n");
      silent.close(Duration.ofSeconds(10));
      Connection late = other.connect(to);
      late.send("two".getBytes(UTF_8));
      late.closed().get();
      assertEquals(
          75,
          assertThrows(ConnectionClosedException.class, () -> late.send(new byte[1]))
              .applicationCode());
      served.send("three".getBytes(UTF_8));
      served.close(Duration.ofSeconds(60));
      assertEquals(0, status.get());
      assertEquals("one\nthree\n", out.text());
    }
  }

  @Test
  void wordsThatBeginWithAnAtSignAreNoFiles() throws Exception {
    Path file = Files.writeString(home.resolve("secret"), "inside");
    CompletableFuture<Integer> status = start("listen", "-1", "127.0.0.1:0");
    String to = "127.0.0.1:" + listening().getPort();
    assertEquals(0, run(NOTHING, out, "send", to, "@" + file, "@@all"), err.text());
    assertEquals(0, status.get());
    assertEquals("@" + file + " @@all\n", out.text());
  }

  /** What is written to it waits until somebody says so. */
  private final class HeldOutput extends OutputStream {
    private final CompletableFuture<Void> release = new CompletableFuture<>();

    @Override
    public void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
      release.join();
      out.write(bytes, from, length);
    }
  }

  @Test
  void onlyOfAFileThatIsCutInPlainModeIsThatSaid() throws Exception {
    String file = Files.writeString(home.resolve("lines"), "one\ntwo\n").toString();
    try (DatagramSocket receiver = new DatagramSocket(ANY)) {
      String to = "127.0.0.1:" + receiver.getLocalPort();
      assertEquals(0, run(NOTHING, out, "send", "-u", to, "-F", file, "--framing", "line"));
      assertTrue(err.text().contains("sent 2 datagrams"), err.text());
      assertFalse(err.text().contains("nothing joins again"), err.text());
      assertEquals(0, run(NOTHING, out, "send", "-u", to, "-F", file));
      assertTrue(err.text().contains("nothing joins again"), err.text());
    }
  }

  @Test
  void plainListenerOfOneMessagePrintsOne() throws Exception {
    CompletableFuture<Integer> status = new CompletableFuture<>();
    CompletableFuture<Void> sent = new CompletableFuture<>();
    // It says where it listens and takes nothing before both are there.
    OutputStream heldErr =
        new OutputStream() {
          @Override
          public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
          }

          @Override
          public void write(byte[] bytes, int from, int length) {
            err.write(bytes, from, length);
            sent.join();
          }
        };
    Streams streams = new Streams(NOTHING, out, heldErr, false, false, Map.of());
    Thread listen =
        new Thread(
            () -> status.complete(Posthorn.run(streams, "listen", "-u1", "127.0.0.1:0")), "listen");
    listen.setDaemon(true);
    listen.start();
    try (DatagramSocket sender = new DatagramSocket(ANY)) {
      for (byte[] message : new byte[][] {{'a'}, {'b'}}) {
        sender.send(new DatagramPacket(message, 1, listening()));
      }
      sent.complete(null);
      assertEquals(0, status.get());
    }
    assertEquals("a\n", out.text());
  }

  @Test
  void senderOfNothingIsServedToo() throws Exception {
    CompletableFuture<Integer> status = start("listen", "-1", "127.0.0.1:0");
    InetSocketAddress to = listening();
    InputStream empty = new ByteArrayInputStream(new byte[0]);
    assertEquals(0, run(empty, out, "send", "127.0.0.1:" + to.getPort()), err.text());
    assertEquals(0, status.get());
  }

  @ParameterizedTest
  @CsvSource({"-q, 1", "--framing, length"})
  void whatASenderToAChildCannotHaveIsRefused(String option, String value) throws Exception {
    try (MessageSocket listener =
        MessageSocket.builder().bind(ANY).application(Application.EXEC.words()).open()) {
      assertEquals(64, run(NOTHING, out, "send", option, value, at(listener), "x"));
      assertTrue(err.text().contains(option), err.text());
      assertTrue(err.text().contains(" to a listener with --exec"), err.text());
    }
  }

  @Test
  void commandThatDoesNotStartIsSaidAndFailsAListenerOfOne() throws Exception {
    String[] listen = {
      "listen", "127.0.0.1:0", "--allow-anyone", "-e", home.resolve("absent").toString()
    };
    String[] once = java.util.Arrays.copyOf(listen, listen.length + 1);
    once[listen.length] = "-1";
    CompletableFuture<Integer> status = start(once);
    InetSocketAddress to = listening();
    assertEquals(255, run(NOTHING, out, "send", "127.0.0.1:" + to.getPort(), "x"));
    assertEquals(69, status.get());
    assertTrue(err.text().contains("the command did not start: "), err.text());
  }

  /** Sends a message that a listener prints by itself; nobody else may hold it up. */
  private void assertServed(InetSocketAddress to, String line) throws Exception {
    try (MessageSocket other = peer()) {
      other.connect(to).send(line.getBytes(UTF_8));
      out.await(line + "\n");
    }
  }

  @ParameterizedTest
  @CsvSource({"'', 63", "posthorn-connect/1, 63", "posthorn-connect/1, 0", "posthorn-doctor/1, 63"})
  void messageInPartsWhereNoneIsExpectedDoesNotEndAListener(String application, int channel)
      throws Exception {
    CompletableFuture<Integer> status = start("listen", "--echo", "127.0.0.1:0");
    InetSocketAddress to = listening();
    String body = "x".repeat(100_000);
    try (MessageSocket odd =
        MessageSocket.builder().security(Security.ephemeral()).application(application).open()) {
      Connection connection = odd.connect(to);
      MessageOutputStream parts = connection.openStream(channel);
      parts.write(body.getBytes(UTF_8));
      parts.flush();
      assertServed(to, "meanwhile");
      parts.close();
      connection.close(Duration.ofSeconds(60));
      assertServed(to, "after it");
    }
    assertFalse(status.isDone(), err.text());
    if (channel == 0) {
      out.await(body);
    }
  }

  @Test
  void messageOfManyPartsIsPrintedCountedAndSentBackAsOne() throws Exception {
    CompletableFuture<Integer> status = start("listen", "-1", "--echo", "127.0.0.1:0");
    String body = "x".repeat(300_000);
    try (MessageSocket sender = peer()) {
      Connection connection = sender.connect(listening());
      connection.send(body.getBytes(UTF_8));
      assertEquals(body, connection.receive().text());
    }
    assertEquals(0, status.get());
    assertEquals(body + "\n", out.text());
    assertTrue(err.text().contains("received 1 message, 300000 bytes"), err.text());
  }

  @Test
  void peerThatStopsInTheMiddleOfAMessageHoldsUpNobody() throws Exception {
    CompletableFuture<Integer> status = start("listen", "127.0.0.1:0");
    InetSocketAddress to = listening();
    try (MessageSocket slow = peer()) {
      Connection connection = slow.connect(to);
      MessageOutputStream half = connection.openStream(0);
      half.write(new byte[5 << 20]); // more than is put together
      half.flush();
      out.await("\0\0\0\0");
      assertServed(to, "meanwhile");
      connection.close(Duration.ZERO);
      err.await("a message ended early: ");
    }
    assertFalse(status.isDone(), err.text());
  }

  /** The end of the connection is found right behind its message, or a moment later. */
  @Test
  void whatAPeerSaysLastIsPrintedBeforeAnythingElseComes() throws Exception {
    CompletableFuture<Integer> status = start("listen", "127.0.0.1:0");
    InetSocketAddress to = listening();
    for (int i = 0; i < 60; i++) {
      try (MessageSocket brief = peer()) {
        brief.send(to, ("the last of " + i + ".").getBytes(UTF_8));
      }
      out.await("the last of " + i + ".");
    }
    assertFalse(status.isDone(), err.text());
  }

  @Test
  void peerThatDoesNotReadItsEchoHoldsUpNobody() throws Exception {
    CompletableFuture<Integer> status = start("listen", "--echo", "-o", "/dev/null", "127.0.0.1:0");
    InetSocketAddress to = listening();
    AtomicLong sent = new AtomicLong();
    try (MessageSocket deaf = peer();
        MessageSocket other = peer()) {
      Connection unread = deaf.connect(to);
      Thread flood =
          new Thread(
              () -> {
                try {
                  while (true) {
                    unread.send(new byte[60_000]);
                    sent.incrementAndGet();
                  }
                } catch (IOException closed) {
                  return;
                }
              },
              "flood");
      flood.setDaemon(true);
      flood.start();
      Connection pings = other.connect(to);
      // Until the one is held up, the other is answered, and after that too.
      for (int still = 0; still < 10; still++) {
        long before = sent.get();
        pings.send(pings.message().channel(63).body("ping"));
        assertNotNull(pings.receive(Duration.ofSeconds(30)), () -> "after " + sent);
        ConnectionInfo info = unread.info();
        boolean isHeldUp =
            sent.get() == before
                && info.bytesInFlight() == 0
                && info.limitedBy() == ConnectionInfo.LimitedBy.PEER_WINDOW;
        still = isHeldUp ? still : 0;
      }
      unread.close(Duration.ZERO);
    }
    assertFalse(status.isDone(), err.text());
  }

  /** An input of one line that ends when somebody says so. */
  private static final class HeldInput extends InputStream {
    private final ByteArrayInputStream line =
        new ByteArrayInputStream("question\n".getBytes(UTF_8));
    private final CompletableFuture<Void> end;

    HeldInput(CompletableFuture<Void> end) {
      this.end = end;
    }

    @Override
    public int read() {
      int next = line.read();
      if (next < 0) {
        end.join();
      }
      return next;
    }

    @Override
    public int read(byte[] into, int from, int length) {
      into[from] = (byte) read();
      return into[from] < 0 ? -1 : 1;
    }
  }

  private static boolean isIn(Thread thread, String method) {
    return Arrays.stream(thread.getStackTrace()).anyMatch(at -> at.getMethodName().equals(method));
  }

  @Test
  void repliesThatCameArePrintedHoweverSlowlyTheyAreRead() throws Exception {
    CompletableFuture<Void> replied = new CompletableFuture<>();
    HeldOutput slow = new HeldOutput();
    try (MessageSocket listener = peer()) {
      CompletableFuture<Integer> status = new CompletableFuture<>();
      Thread send =
          new Thread(
              () -> status.complete(run(new HeldInput(replied), slow, "send", at(listener))),
              "send");
      send.setDaemon(true);
      send.start();
      Connection connection = listener.receive().connection();
      Receipt last = null;
      for (int i = 0; i < 1_000; i++) {
        last = connection.send(connection.message().body("a reply of some length " + i));
      }
      last.acknowledged().get();
      replied.complete(null);
      while (connection.isOpen() && !isIn(send, "finish")) {
        Thread.onSpinWait();
      }
      slow.release.complete(null);
      assertEquals(0, status.get(), err.text());
    }
    assertEquals(1_000, out.text().lines().count());
    assertTrue(out.text().endsWith(" 999\n"), err.text());
  }
}
