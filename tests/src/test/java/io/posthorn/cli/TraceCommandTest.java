package io.posthorn.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.Security;
import io.posthorn.capture.CaptureReader;
import io.posthorn.capture.CaptureWriter;
import io.posthorn.capture.CapturedDatagram;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --trace}, {@code --keylog} and {@code posthorn trace}, over real sockets. */
class TraceCommandTest {
  @TempDir private Path folder = Path.of("");
  private String output = "";
  private String errors = "";

  private int run(String... arguments) {
    return run(new byte[0], arguments);
  }

  private int run(byte[] input, String... arguments) {
    Map<String, String> environment = Map.of("POSTHORN_HOME", folder.resolve("home").toString());
    InProcess here = new InProcess(environment, input);
    int status = here.run(arguments);
    output = here.output();
    errors = here.errors();
    return status;
  }

  private String file(String name) {
    return folder.resolve(name).toString();
  }

  private static MessageSocket listener() throws IOException {
    return MessageSocket.builder()
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .security(Security.ephemeral())
        .open();
  }

  @Test
  void whatStandsBeforeDamageIsListed() throws IOException {
    String head = "\u001e{\"qlog_version\":\"0.4\",\"trace\":{}}\n";
    String event = "\u001e{\"time\":1.5,\"name\":\"recovery:packet_lost\",\"data\":{}}\n";
    Path damaged =
        Files.writeString(folder.resolve("x.sqlog"), head + event + "\u001e{,}\n" + event);
    assertEquals(65, run("trace", damaged.toString()));
    assertEquals(1, output.lines().count(), output);
    assertTrue(errors.contains("record 3"), errors);
  }

  /** Else nobody would know that more had been there, as where the disk was full. */
  @Test
  void thatTheEndIsMissingIsSaid() throws IOException {
    Path capture = folder.resolve("c.pcapng");
    InetSocketAddress here = new InetSocketAddress(InetAddress.getLoopbackAddress(), 9);
    try (CaptureWriter out = new CaptureWriter(capture)) {
      out.write(new CapturedDatagram(1, here, here, new byte[9]));
      out.write(new CapturedDatagram(2, here, here, new byte[9]));
    }
    String head = "\u001e{\"qlog_version\":\"0.4\",\"trace\":{}}\n";
    String event = "\u001e{\"time\":1.5,\"name\":\"recovery:packet_lost\",\"data\":{}}\n";
    Path trace = Files.writeString(folder.resolve("t.sqlog"), head + event + event);
    for (Path file : new Path[] {capture, trace}) {
      assertEquals(0, run("trace", file.toString()), errors);
      assertEquals(2, output.lines().count(), output);
      assertFalse(errors.contains("cut off"), errors);
      byte[] whole = Files.readAllBytes(file);
      Files.write(file, Arrays.copyOf(whole, whole.length - 6));
      assertEquals(0, run("trace", "--quiet", file.toString()), errors);
      assertEquals(1, output.lines().count(), output);
      String what = file == capture ? "packet" : "record";
      assertEquals(
          file + " is cut off in the middle of a " + what + ": its end is missing\n", errors);
    }
  }

  @Test
  void whatCameThroughAPipeIsListedBeforeMoreComes() throws Exception {
    String head = "\u001e{\"qlog_version\":\"0.4\",\"trace\":{}}\n";
    String event = "\u001e{\"time\":1.5,\"name\":\"recovery:packet_lost\",\"data\":{}}\n";
    CompletableFuture<String> listed = new CompletableFuture<>();
    OutputStream out =
        new OutputStream() {
          @Override
          public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
          }

          @Override
          public void write(byte[] bytes, int from, int length) {
            listed.complete(new String(bytes, from, length, UTF_8));
          }
        };
    PipedInputStream in = new PipedInputStream(1 << 16);
    Streams streams = new Streams(in, out, OutputStream.nullOutputStream(), false, false, Map.of());
    Thread trace = new Thread(() -> new Posthorn(streams).run("trace", "-"), "trace");
    trace.setDaemon(true);
    try (PipedOutputStream program = new PipedOutputStream(in)) {
      trace.start();
      program.write((head + event + event).getBytes(UTF_8));
      program.flush();
      assertTrue(listed.get(60, TimeUnit.SECONDS).contains("lost"));
    }
    trace.join();
  }

  /** A pipe can be read but once. */
  @Test
  void standardInputAndPipesAreRead() throws Exception {
    String head = "\u001e{\"qlog_version\":\"0.4\",\"trace\":{}}\n";
    String event = "\u001e{\"time\":1.5,\"name\":\"recovery:packet_lost\",\"data\":{}}\n";
    assertEquals(0, run((head + event).getBytes(UTF_8), "trace", "-"), errors);
    assertEquals(1, output.lines().count(), output);
    Path capture = folder.resolve("empty.pcapng");
    new CaptureWriter(capture).close();
    assertEquals(0, run(Files.readAllBytes(capture), "trace", "-"), errors);
    assertEquals(65, run(new byte[] {1, 2, 3}, "trace", "-"));
    assertTrue(errors.contains("standard input is no capture"), errors);
    Path pipe = folder.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    CompletableFuture<Path> written =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return Files.write(pipe, Files.readAllBytes(capture));
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    assertEquals(0, run("trace", pipe.toString()), errors);
    assertEquals(pipe, written.get());
  }

  /**
   * Stands between a client and a server, and writes what passes into a capture, until it is
   * interrupted by its socket's end.
   */
  private static final class Tap extends Thread {
    final DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    private final InetSocketAddress server;
    private final CaptureWriter out;

    Tap(InetSocketAddress server, Path file) throws IOException {
      this.server = server;
      this.out = new CaptureWriter(file);
      setDaemon(true);
    }

    InetSocketAddress address() {
      return new InetSocketAddress(socket.getLocalAddress(), socket.getLocalPort());
    }

    @Override
    public void run() {
      InetSocketAddress client = server;
      long nanos = 1_700_000_000_000_000_000L;
      try {
        while (true) {
          DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
          socket.receive(packet);
          InetSocketAddress from = (InetSocketAddress) packet.getSocketAddress();
          if (!from.equals(server)) {
            client = from;
          }
          byte[] payload = Arrays.copyOf(packet.getData(), packet.getLength());
          InetSocketAddress to = from.equals(server) ? client : server;
          synchronized (out) {
            out.write(new CapturedDatagram(nanos += 1_000, from, to, payload));
          }
          socket.send(new DatagramPacket(payload, payload.length, to));
        }
      } catch (SocketException closed) {
        // the test is over
      } catch (IOException failed) {
        throw new java.io.UncheckedIOException(failed);
      }
    }

    void end() throws IOException {
      socket.close();
      synchronized (out) {
        out.close();
      }
    }
  }

  @Test
  void whatWasCapturedOfASealedConversationIsReadWithItsKeyLog() throws Exception {
    Path sealed = folder.resolve("sealed.pcapng");
    try (MessageSocket listener = listener()) {
      Tap tap = new Tap(listener.localAddress(), sealed);
      tap.start();
      String at = "127.0.0.1:" + tap.address().getPort();
      int status =
          run("send", "--keylog", file("secrets"), "--trace", file("t.sqlog"), at, "wish", "you");
      assertEquals(0, status, errors);
      tap.end();
      Message message = listener.receive(Duration.ofSeconds(30));
      assertNotNull(message);
      assertEquals(8, message.body().remaining());
    }
    assertTrue(errors.contains("whoever reads"), errors);
    assertTrue(errors.contains(file("secrets")), errors);
    assertTrue(
        Files.readString(Path.of(file("t.sqlog"))).contains("\"name\":\"transport:packet_sent\""));
    assertEquals(
        0,
        run("trace", "--keylog", file("secrets"), sealed.toString(), "-o", file("clear.pcapng")));
    assertTrue(errors.matches("(?s)\\d+ datagrams, \\d+ packets? decrypted.*"), errors);
    assertFalse(errors.contains("left sealed"), errors);
    StringBuilder clear = new StringBuilder();
    try (CaptureReader in = new CaptureReader(Path.of(file("clear.pcapng")))) {
      for (CapturedDatagram next = in.next(); next != null; next = in.next()) {
        clear.append(new String(next.payload(), StandardCharsets.ISO_8859_1));
      }
    }
    assertTrue(clear.toString().contains("wish you"));
    assertEquals(
        0,
        run(
            "trace",
            "--json",
            "--keylog",
            file("secrets"),
            sealed.toString(),
            "-o",
            file("clear.pcapng")));
    assertTrue(output.contains("\"leftSealed\":0"), output);
  }

  /** What --pcap wrote: plain datagrams of one command, sealed packets of another. */
  @Test
  void whatACommandSendsAndReceivesIsCapturedAndListed() throws Exception {
    try (MessageSocket listener = listener();
        MessageSocket plain =
            MessageSocket.builder()
                .mode(io.posthorn.Mode.PLAIN)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .open()) {
      String at = "127.0.0.1:" + listener.localAddress().getPort();
      String other = "127.0.0.1:" + plain.localAddress().getPort();
      assertEquals(0, run("send", "--plain", "--pcap", file("plain.pcapng"), other, "x"), errors);
      int status =
          run("send", "--pcap", file("p.pcapng"), "--keylog", file("secrets"), at, "wish", "you");
      assertEquals(0, status, errors);
      assertNotNull(listener.receive(Duration.ofSeconds(30)));
      assertEquals(0, run("trace", file("plain.pcapng")), errors);
      assertTrue(
          output.matches(
              " +0\\.000000  127\\.0\\.0\\.1:\\d+ > \\Q" + other + "\\E  datagram +1 B\n"),
          output);
      assertEquals(0, run("trace", file("p.pcapng")), errors);
      assertTrue(output.contains("  sealed "), output);
      assertFalse(output.contains("CHANNEL_DATA"), output);
      assertEquals(0, run("trace", "--keylog", file("secrets"), file("p.pcapng")), errors);
      assertFalse(output.contains("  sealed "), output);
      assertTrue(output.contains("CHANNEL_DATA(channel 0 offset 0 length 9)"), output);
      assertTrue(output.contains(" > " + at + "  M1 "), output);
      assertTrue(errors.startsWith("began 20"), errors);
    }
  }

  @Test
  void aTraceIsListed() throws Exception {
    try (MessageSocket listener = listener()) {
      String at = "127.0.0.1:" + listener.localAddress().getPort();
      assertEquals(0, run("send", "--trace", file("t.sqlog"), at, "wish", "you"), errors);
      assertNotNull(listener.receive(Duration.ofSeconds(30)));
    }
    assertEquals(0, run("trace", file("t.sqlog")), errors);
    assertTrue(output.contains("  ->  M1 "), output);
    assertTrue(output.contains("CHANNEL_DATA(channel 0 offset 0 length 9)"), output);
    assertTrue(
        errors.matches("began 20.*\n\\d+ packets sent, \\d+ received, 0 sent were lost\n"), errors);
    long lines = output.lines().count();
    assertEquals(0, run("trace", "-v", file("t.sqlog")), errors);
    assertTrue(output.lines().count() > lines, "measurements too");
  }

  @Test
  void whatCannotBeDoneIsSaidWithItsStatus() throws Exception {
    Files.writeString(Path.of(file("noise")), "no capture");
    Files.writeString(
        Path.of(file("secrets")),
        "POSTHORN_SECRETS_1 0000000000000001 0000000000000002 "
            + "00".repeat(32)
            + " "
            + "00".repeat(32)
            + "\n");
    new CaptureWriter(Path.of(file("empty.pcapng"))).close();
    String[][] wrong = {
      {"65", "noise", "neither pcapng nor pcap"},
      {"66", "absent", "no such file"},
      {"64", "empty.pcapng", "the capture itself"},
    };
    for (String[] each : wrong) {
      int status =
          run("trace", "--keylog", file("secrets"), file(each[1]), "-o", file("empty.pcapng"));
      assertEquals(Integer.parseInt(each[0]), status, errors);
      assertTrue(errors.contains(each[2]), errors);
    }
    assertEquals(
        73, run("trace", "--keylog", file("secrets"), file("empty.pcapng"), "-o", file("no/o")));
    assertEquals(
        1, run("trace", "--keylog", file("secrets"), file("empty.pcapng"), "-o", file("o")));
    assertTrue(errors.contains("no packet belongs to a connection"), errors);
    Path named = Files.copy(Path.of(file("secrets")), folder.resolve("s\u001b[2J"));
    assertEquals(
        1, run("trace", "--keylog", named.toString(), file("empty.pcapng"), "-o", file("o\u0007")));
    assertTrue(errors.contains("s\\x1b[2J") && errors.contains("o\\x07"), errors);
    assertTrue(errors.chars().noneMatch(c -> c < ' ' && c != '\n'), errors);
    assertEquals(64, run("trace", file("empty.pcapng"), "-o", file("o")));
    Files.writeString(Path.of(file("t.sqlog")), "\u001e{\"qlog_version\":\"0.3\"}\n");
    assertEquals(64, run("trace", "--keylog", file("secrets"), file("t.sqlog")));
    assertTrue(errors.contains("nothing in it is sealed"), errors);
    Files.writeString(Path.of(file("t.sqlog")), "{no trace}\n");
    assertEquals(65, run("trace", file("t.sqlog")));
    assertTrue(errors.contains("record 1: no JSON object"), errors);
    assertEquals(0, run("trace", file("empty.pcapng")));
    assertEquals("", output);
  }

  @Test
  void nothingIsWrittenOverWhatIsRead() throws Exception {
    Path secrets = Path.of(file("secrets"));
    String key = " " + "00".repeat(32);
    Files.writeString(
        secrets, "POSTHORN_SECRETS_1 0000000000000001 0000000000000002" + key + key + "\n");
    String before = Files.readString(secrets);
    new CaptureWriter(Path.of(file("c.pcapng"))).close();
    String keyLog = secrets.toString();
    assertEquals(64, run("trace", "--keylog", keyLog, file("c.pcapng"), "-o", keyLog), errors);
    assertTrue(errors.contains("the secrets themselves"), errors);
    assertEquals(before, Files.readString(secrets));
    // The standard input of this process; what is read in its place would be harmless.
    String own = "/dev/stdin";
    assumeTrue(Files.exists(Path.of(own)));
    byte[] capture = Files.readAllBytes(Path.of(file("c.pcapng")));
    assertEquals(64, run(capture, "trace", "--keylog", keyLog, "-", "-o", own), errors);
    assertTrue(errors.contains("the capture itself"), errors);
  }

  @Test
  void plainModeHasNothingToTrace() {
    for (String option : new String[] {"--trace", "--keylog"}) {
      assertEquals(64, run("send", "-u", option, file("t"), "127.0.0.1:9", "x"));
      assertTrue(errors.contains(option), errors);
      assertFalse(Files.exists(Path.of(file("t"))));
    }
    assertTrue(errors.contains("--pcap"), errors);
    for (String option : new String[] {"--trace", "--pcap", "--keylog"}) {
      assertEquals(73, run("send", option, file("absent/t"), "127.0.0.1:9", "x"), errors);
    }
  }
}
