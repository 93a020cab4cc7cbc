package io.posthorn.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Plain mode and programs that know nothing of Posthorn, both ways; .ci/run installs them. */
class ExistingToolsTest {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final Duration A_WHILE = Duration.ofMillis(200);
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  private final List<Process> started = new ArrayList<>();

  @AfterEach
  void endWhatWasStarted() throws InterruptedException {
    for (Process process : started) {
      process.destroy();
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    }
  }

  private static MessageSocket plain() throws IOException {
    return MessageSocket.builder().mode(Mode.PLAIN).bind(new InetSocketAddress(LOOPBACK, 0)).open();
  }

  private static int freePort() throws IOException {
    return FreePorts.next();
  }

  /** Where a program is, or the test is skipped: daemons are not in everybody's path. */
  private static String program(String name) {
    for (String folder : (System.getenv("PATH") + ":/usr/sbin:/sbin").split(":", -1)) {
      Path file = Path.of(folder, name);
      if (Files.isExecutable(file)) {
        return file.toString();
      }
    }
    assumeTrue(false, name + " is not installed");
    return name;
  }

  private Process start(String... command) throws IOException {
    command[0] = program(command[0]);
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    started.add(process);
    return process;
  }

  /** Sends until the answer comes: a program that has just started does not listen yet. */
  private static Message ask(
      MessageSocket socket, InetSocketAddress peer, byte[] question, Predicate<Message> isAnswer)
      throws IOException {
    long endNanos = System.nanoTime() + LONG.toNanos();
    while (System.nanoTime() < endNanos) {
      socket.send(peer, question);
      Message answer = socket.receive(A_WHILE);
      if (answer != null && isAnswer.test(answer)) {
        return answer;
      }
    }
    throw new AssertionError("no answer from " + peer);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ncat", "socat"})
  void toolTalksToUsAndIsAnswered(String tool) throws Exception {
    try (MessageSocket socket = plain()) {
      String port = String.valueOf(socket.localAddress().getPort());
      Process client =
          tool.equals("ncat")
              ? start("ncat", "-u", "127.0.0.1", port)
              : start("socat", "-", "UDP4:127.0.0.1:" + port);
      OutputStream in = client.getOutputStream();
      in.write("from the tool\n".getBytes(UTF_8));
      in.flush();
      Message message = socket.receive(LONG);
      assertNotNull(message, "nothing came from " + tool);
      assertEquals("from the tool\n", message.text());
      socket.send(message.from(), "and back\n".getBytes(UTF_8));
      BufferedReader out = client.inputReader(UTF_8);
      assertEquals("and back", out.readLine());
    }
  }

  /** Starts an echo service (RFC 862); answers its port, where it listens soon. */
  private int startEcho(String tool) throws IOException {
    int port = freePort();
    if (tool.equals("ncat")) {
      start("ncat", "-u", "-l", "127.0.0.1", String.valueOf(port), "--exec", "/bin/cat");
    } else {
      start("socat", "UDP4-RECVFROM:" + port + ",bind=127.0.0.1,fork", "EXEC:cat");
    }
    return port;
  }

  @ParameterizedTest
  @ValueSource(strings = {"ncat", "socat"})
  void pingMeasuresAnEchoServiceOfOthers(String tool) throws Exception {
    String to = "127.0.0.1:" + startEcho(tool);
    try (RunningProgram ping = RunningProgram.here("ping", "--plain", "-i", "0.1", to)) {
      ping.awaitOutput("56 bytes from " + to + ": seq=");
      ping.signal("INT");
      assertEquals(130, ping.exit(), ping::errors);
      String counts = "\\d+ sent, [1-9]\\d* received, .*\\Rrtt min/avg/max/mdev = [^-]+ ms";
      assertTrue(Pattern.compile(counts).matcher(ping.output()).find(), ping::output);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ncat", "socat"})
  void weTalkToTheToolAndAreAnswered(String tool) throws Exception {
    try (MessageSocket socket = plain()) {
      int port = startEcho(tool);
      byte[] bytes = "there and back again".getBytes(UTF_8);
      Message answer =
          ask(
              socket,
              new InetSocketAddress(LOOPBACK, port),
              bytes,
              m -> Arrays.equals(bytes, m.bytes()));
      assertArrayEquals(bytes, answer.bytes());
    }
  }

  /** A question for the address of a name: RFC 1035, section 4. */
  private static byte[] question(int id, String... labels) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeShort(id);
    out.writeShort(0x0100); // recursion desired
    out.writeShort(1);
    out.writeShort(0);
    out.writeInt(0);
    for (String label : labels) {
      out.writeByte(label.length());
      out.writeBytes(label);
    }
    out.writeByte(0);
    out.writeShort(1); // A
    out.writeShort(1); // IN
    return bytes.toByteArray();
  }

  @Test
  void nameServerAnswers() throws Exception {
    try (MessageSocket socket = plain()) {
      int port = freePort();
      start(
          "dnsmasq",
          "--keep-in-foreground",
          "--conf-file=/dev/null",
          "--pid-file=",
          "--no-resolv",
          "--no-hosts",
          "--user=" + System.getProperty("user.name"),
          "--bind-interfaces",
          "--listen-address=127.0.0.1",
          "--port=" + port,
          "--address=/posthorn.test/192.0.2.5");
      byte[] question = question(0x1234, "posthorn", "test");
      Message answer =
          ask(
              socket,
              new InetSocketAddress(LOOPBACK, port),
              question,
              m -> m.size() > question.length);
      byte[] bytes = answer.bytes();
      assertEquals(0x1234, answer.body().getShort(0));
      assertTrue(bytes[2] < 0, "not an answer");
      byte[] address = Arrays.copyOfRange(bytes, bytes.length - 4, bytes.length);
      assertArrayEquals(new byte[] {(byte) 192, 0, 2, 5}, address);
    }
  }

  @Test
  void syslogDaemonWritesWhatWeSend(@TempDir Path folder) throws Exception {
    int port = freePort();
    Path log = folder.resolve("log");
    Path configuration = folder.resolve("conf");
    Files.writeString(
        configuration,
        String.join(
            "\n",
            "global(workDirectory=\"" + folder + "\")",
            "module(load=\"imudp\")",
            "input(type=\"imudp\" address=\"127.0.0.1\" port=\"" + port + "\")",
            "action(type=\"omfile\" file=\"" + log + "\")",
            ""));
    start("rsyslogd", "-n", "-f", configuration.toString(), "-i", folder.resolve("pid").toString());
    byte[] message = "<14>1 - here posthorn - - - wish you were here".getBytes(UTF_8);
    try (MessageSocket socket = plain()) {
      long endNanos = System.nanoTime() + LONG.toNanos();
      while (!Files.exists(log) || !Files.readString(log).contains("wish you were here")) {
        assertTrue(System.nanoTime() < endNanos, "nothing in " + log);
        socket.send(new InetSocketAddress(LOOPBACK, port), message);
        socket.receive(A_WHILE);
      }
    }
  }

  @Test
  void weHearWhatALoggerSends() throws Exception {
    try (MessageSocket socket = plain()) {
      String port = String.valueOf(socket.localAddress().getPort());
      start("logger", "--server", "127.0.0.1", "--port", port, "--udp", "wish you were here");
      Message message = socket.receive(LONG);
      assertNotNull(message, "nothing came");
      assertTrue(message.text().startsWith("<"), message.text());
      assertTrue(message.text().endsWith("wish you were here"), message.text());
    }
  }
}
