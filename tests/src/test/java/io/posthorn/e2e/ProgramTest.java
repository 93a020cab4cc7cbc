package io.posthorn.e2e;

import static io.posthorn.e2e.RunningProgram.here;
import static io.posthorn.e2e.RunningProgram.posthorn;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What users type, what they see, and the exit status: of the real jar as processes, and of the
 * program in this process where only its words are of interest.
 */
@Timeout(180)
class ProgramTest {
  private static final String ANY = "127.0.0.1:0";

  private static int exitOf(String... arguments) throws Exception {
    try (RunningProgram program = here(arguments)) {
      return program.endInput().exit();
    }
  }

  /** The kernel refuses broadcasts to a socket that did not ask for them: nothing leaves. */
  @Test
  void aDatagramThatTheKernelRefusesWasNotSent() throws Exception {
    try (RunningProgram send = here("send", "-u", "255.255.255.255:9", "wish")) {
      assertEquals(74, send.exit(), send::output);
      assertTrue(
          send.errors().contains("sent 0 datagrams of 1, to 255.255.255.255:9"), send::errors);
      assertTrue(send.errors().contains("1 of 1 not sent: "), send::errors);
      assertTrue(send.errors().contains("ip route get"), send::errors);
    }
  }

  @Test
  void versionIsThatOfTheManifest() throws Exception {
    try (RunningProgram program = posthorn("--version")) {
      assertEquals(0, program.exit());
      assertTrue(program.output().startsWith("posthorn 0."), program.output());
      assertEquals("", program.errors());
    }
  }

  @Test
  void helpAndCompletionAreResultsAndGoToStandardOutput() throws Exception {
    try (RunningProgram help = here("help", "compare");
        RunningProgram completion = here("completion")) {
      assertEquals(0, help.exit());
      assertTrue(help.output().contains("--assert"), help.output());
      assertEquals(0, completion.exit());
      assertTrue(completion.output().contains("_complete_posthorn"));
      assertTrue(completion.output().contains("compare"));
    }
  }

  @Test
  void plainMessageArrivesAndItsEchoComesBack() throws Exception {
    try (RunningProgram listener = posthorn("listen", "--plain", "--echo", ANY)) {
      String port = listener.port();
      try (RunningProgram sender =
          posthorn("send", "--plain", "127.0.0.1:" + port, "hello", "world", "-q", "1m")) {
        sender.awaitOutput("hello world\n");
        listener.awaitOutput("hello world\n");
        sender.signal("INT");
        assertEquals(130, sender.exit());
      }
      listener.signal("INT");
      assertEquals(130, listener.exit());
      assertTrue(listener.errors().contains("received 1 message, 11 bytes"), listener.errors());
    }
  }

  @Test
  void plainSenderSaysThatNothingCanBeKnown() throws Exception {
    try (DatagramSocket closed = FreePorts.closed();
        RunningProgram sender =
            posthorn("send", "-u", "127.0.0.1:" + closed.getLocalPort(), "hi")) {
      assertEquals(0, sender.exit());
      assertTrue(sender.errors().contains("cannot know whether"), sender.errors());
      assertEquals("", sender.output());
    }
  }

  @Test
  void linesOfStandardInputBecomeMessagesInOrder() throws Exception {
    try (RunningProgram listener = posthorn("listen", "--once", ANY)) {
      try (RunningProgram sender = posthorn("send", "127.0.0.1", listener.port())) {
        sender.type("one\ntwo\n\nthree").endInput();
        assertEquals(0, sender.exit());
        assertTrue(sender.errors().contains("all acknowledged"), sender.errors());
      }
      assertEquals(0, listener.exit());
      assertEquals("one\ntwo\n\nthree\n", listener.output());
    }
  }

  @Test
  void receiptsSayWhatBecameOfEachMessage() throws Exception {
    try (RunningProgram listener = here("listen", ANY)) {
      try (RunningProgram sender =
          posthorn(
              "send",
              "127.0.0.1:" + listener.port(),
              "x",
              "-n",
              "500",
              "--receipt",
              "--delivery",
              "unordered",
              "--channel",
              "5")) {
        assertEquals(0, sender.exit());
        for (int number = 1; number <= 500; number++) {
          assertTrue(
              sender.errors().contains("message " + number + ": acknowledged"), sender.errors());
        }
      }
      listener.awaitOutput("x\n".repeat(500));
    }
  }

  @Test
  void fileArrivesByteForByteOverABadNetwork(@TempDir Path folder) throws Exception {
    byte[] content = new byte[3_000_001];
    new Random(7).nextBytes(content);
    Path file = Files.write(folder.resolve("in"), content);
    Path copy = folder.resolve("out");
    try (RunningProgram listener =
        posthorn("listen", "-1", "--framing", "raw", "-o", copy.toString(), ANY)) {
      try (RunningProgram sender =
          posthorn(
              "send",
              "127.0.0.1:" + listener.port(),
              "-F",
              file.toString(),
              "--impair",
              "delay 2ms loss 3% duplicate 2% reorder 5%",
              "--seed",
              "3")) {
        assertEquals(0, sender.exit(), sender::errors);
      }
      assertEquals(0, listener.exit());
    }
    assertArrayEquals(content, Files.readAllBytes(copy));
  }

  @Test
  void plainFileIsCutIntoDatagramsAndItIsSaidSo(@TempDir Path folder) throws Exception {
    Path file = Files.write(folder.resolve("in"), new byte[3_000]);
    try (DatagramSocket receiver = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        RunningProgram sender =
            posthorn("send", "-u", "127.0.0.1:" + receiver.getLocalPort(), "-F", file.toString())) {
      assertEquals(0, sender.exit());
      assertTrue(sender.errors().contains("nothing joins again"), sender.errors());
      int[] sizes = new int[3];
      for (int i = 0; i < sizes.length; i++) {
        DatagramPacket packet = new DatagramPacket(new byte[2_000], 2_000);
        receiver.receive(packet);
        sizes[i] = packet.getLength();
      }
      assertEquals("[1200, 1200, 600]", Arrays.toString(sizes));
    }
  }

  @Test
  void framingByLengthKeepsMessagesWithLineEndsWhole() throws Exception {
    byte[] framed = {0, 0, 0, 3, 'a', '\n', 'b', 0, 0, 0, 0, 0, 0, 0, 1, 'c'};
    try (RunningProgram listener = here("listen", "-1", "--framing", "length", ANY)) {
      try (RunningProgram sender =
          posthorn("send", "127.0.0.1:" + listener.port(), "--framing", "length")) {
        sender.type(framed).endInput();
        assertEquals(0, sender.exit(), sender::errors);
      }
      assertEquals(0, listener.exit());
      assertArrayEquals(framed, listener.outputBytes());
    }
  }

  @Test
  void jsonCarriesTextAsTextAndBytesAsBase64() throws Exception {
    try (RunningProgram listener = here("listen", "--plain", "--json", ANY);
        DatagramSocket sender = new DatagramSocket()) {
      InetSocketAddress to =
          new InetSocketAddress(
              InetAddress.getLoopbackAddress(), Integer.parseInt(listener.port()));
      byte[] text = "a\u001b[2J\"".getBytes(StandardCharsets.UTF_8);
      byte[] bytes = {(byte) 0xff, 0};
      sender.send(new DatagramPacket(text, text.length, to));
      listener.awaitOutput("\"text\":\"a\\u001b[2J\\\"\"}\n");
      sender.send(new DatagramPacket(bytes, bytes.length, to));
      listener.awaitOutput("\"bytes\":2,\"base64\":\"/wA=\"}\n");
      listener.signal("TERM");
      assertEquals(143, listener.exit());
      assertTrue(listener.errors().contains("{\"summary\":{\"messages\":2"), listener.errors());
    }
  }

  @Test
  void pingCountsAnswersInBothModes() throws Exception {
    for (List<String> mode : List.of(List.of("--plain", "--echo"), List.<String>of())) {
      String[] listen = {"listen", ANY};
      try (RunningProgram listener =
          posthorn(
              mode.isEmpty() ? listen : new String[] {"listen", mode.get(0), mode.get(1), ANY})) {
        String to = "127.0.0.1:" + listener.port();
        try (RunningProgram ping =
            mode.isEmpty()
                ? posthorn("ping", to, "-c", "3", "-i", "0.01", "-W", "30")
                : posthorn("ping", to, "-c", "3", "-i", "0.01", "-W", "30", "--plain")) {
          assertEquals(0, ping.exit(), ping::errors);
          assertTrue(ping.output().contains("3 sent, 3 received, 0% lost"), ping.output());
          assertTrue(ping.output().contains("rtt min/avg/max/mdev = "), ping.output());
          assertTrue(ping.output().contains("seq=3 "), ping.output());
        }
        if (mode.isEmpty()) {
          assertEquals("", listener.output(), "pings are no messages");
        }
      }
    }
  }

  @Test
  void pingThatNobodyAnswersExitsWithOne() throws Exception {
    try (DatagramSocket silent = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      String to = "127.0.0.1:" + silent.getLocalPort();
      try (RunningProgram plain = here("ping", "-u", to, "-c", "2", "-i", "0", "-W", "0.1");
          RunningProgram reliable = here("ping", to, "-c", "1", "-W", "0.2")) {
        assertEquals(1, plain.exit());
        assertTrue(plain.output().contains("2 sent, 0 received, 100% lost"), plain.output());
        assertEquals(1, reliable.exit());
        assertTrue(reliable.errors().contains("no answer from"), reliable.errors());
      }
    }
  }

  @Test
  void interruptedPingStillPrintsItsSummary() throws Exception {
    try (RunningProgram listener = posthorn("listen", ANY);
        RunningProgram ping = posthorn("ping", "127.0.0.1:" + listener.port(), "-i", "0.01")) {
      ping.awaitOutput("seq=5 ");
      ping.signal("INT");
      assertEquals(130, ping.exit());
      assertTrue(ping.output().contains("ping statistics ---"), ping.output());
    }
  }

  @Test
  void interruptedSenderThatWaitsForInputEndsAtOnceAndSummarises() throws Exception {
    try (RunningProgram listener = posthorn("listen", ANY);
        RunningProgram sender = posthorn("send", "127.0.0.1:" + listener.port())) {
      sender.type("first\n");
      listener.awaitOutput("first\n");
      sender.signal("INT");
      assertEquals(130, sender.exit());
      assertTrue(sender.errors().contains("stopped after 1 message"), sender.errors());
    }
  }

  @Test
  void fault28_aPortInUseIsSaidWithWhatToDo() throws Exception {
    try (DatagramSocket taken = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        RunningProgram listener = here("listen", "127.0.0.1:" + taken.getLocalPort())) {
      assertEquals(75, listener.exit());
      assertTrue(listener.errors().contains("the port is in use"), listener.errors());
      assertTrue(listener.errors().contains("port 0"), listener.errors());
      assertFalse(listener.errors().contains("\tat "), "no stack trace without --verbose");
    }
  }

  @Test
  void fault28_anAddressOfElsewhereIsSaidWithWhatToDo() throws Exception {
    try (RunningProgram listener = here("listen", "192.0.2.1:7")) {
      assertEquals(64, listener.exit());
      assertTrue(listener.errors().contains("192.0.2.1:7"), listener.errors());
      assertTrue(listener.errors().contains("leave the host out"), listener.errors());
      assertFalse(listener.errors().contains("\tat "), "no stack trace without --verbose");
    }
  }

  /** Root may bind every port; so as root the program runs without that privilege. */
  @Test
  void fault28_aPortOfThePrivilegedIsSaidWithWhatToDo() throws Exception {
    Path setting = Path.of("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    assumeTrue(Files.isReadable(setting), "no such setting");
    int port;
    try (BufferedReader whole = Files.newBufferedReader(setting)) { // byte by byte it ends early
      port = Integer.parseInt(whole.readLine().strip()) - 1;
    }
    assumeTrue(port > 0, "every port is free to all here");
    List<String> command = new ArrayList<>();
    if ("root".equals(System.getProperty("user.name"))) {
      RunningProgram.assumeInstalled("setpriv");
      command.addAll(List.of("setpriv", "--bounding-set=-net_bind_service", "--inh-caps=-all"));
    }
    command.addAll(RunningProgram.command(List.of(), "listen", "127.0.0.1:" + port));
    try (RunningProgram listener = RunningProgram.other(command.toArray(String[]::new))) {
      assertEquals(77, listener.exit(), listener::errors);
      assertTrue(listener.errors().contains("127.0.0.1:" + port), listener.errors());
      assertTrue(listener.errors().contains("1024"), listener.errors());
    }
  }

  @Test
  void nobodyThereIsSaidByReliableModeWithTheTime() throws Exception {
    try (DatagramSocket silent = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        RunningProgram sender = here("send", "127.0.0.1:" + silent.getLocalPort(), "hi")) {
      assertEquals(69, sender.exit());
      assertTrue(sender.errors().contains("no answer from"), sender.errors());
      assertTrue(sender.errors().contains("in 10 s"), sender.errors());
    }
  }

  @Test
  void messageTooLargeForADatagramIsSaidWithTheLimit(@TempDir Path folder) throws Exception {
    Path file = Files.write(folder.resolve("big"), new byte[70_000]);
    try (RunningProgram sender =
        posthorn("send", "-u", "127.0.0.1:9", "-F", file.toString(), "--framing", "line")) {
      assertEquals(65, sender.exit());
      assertTrue(sender.errors().contains("65507"), sender.errors());
    }
  }

  @Test
  void everyWrongCommandLineHasItsStatusAndWords(@TempDir Path folder) throws Exception {
    assertEquals(64, exitOf("send", "127.0.0.1:99999", "x"));
    assertEquals(64, exitOf("lisen", "9000"));
    assertEquals(68, exitOf("send", "no-such-host.invalid:9000", "x"));
    assertEquals(66, exitOf("send", "127.0.0.1:9", "-F", folder.resolve("absent").toString()));
    assertEquals(73, exitOf("listen", ANY, "-o", folder.resolve("no/such/folder").toString()));
    try (RunningProgram json = here("send", "--json", "no-such-host.invalid:9000", "x")) {
      assertEquals(68, json.exit());
      assertTrue(json.errors().startsWith("{\"error\":{"), json.errors());
      assertTrue(json.errors().contains("\"exit\":68"), json.errors());
      assertEquals("", json.output());
    }
  }

  @Test
  void listenerWhoseReaderIsGoneEndsAsOthersInAPipe() throws Exception {
    try (RunningProgram shell =
        RunningProgram.other(
            "sh",
            "-c",
            "{ \"$0\" -jar \"$1\" listen --plain 127.0.0.1:0; echo status $? >&2; }"
                + " | { head -n 1; exec <&-; echo gone >&2; }",
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            String.valueOf(System.getProperty("posthorn.jar")))) {
      InetSocketAddress to =
          new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(shell.port()));
      try (DatagramSocket sender = new DatagramSocket()) {
        byte[] message = "line".getBytes(StandardCharsets.UTF_8);
        sender.send(new DatagramPacket(message, message.length, to));
        shell.awaitOutput("line\n");
        shell.awaitError("gone");
        sender.send(new DatagramPacket(message, message.length, to));
      }
      shell.awaitError("status 141");
    }
  }

  @Test
  void simulatedComparisonIsTheSameToTheLastByte() throws Exception {
    String[] command = {
      "compare",
      "--simulated",
      "-n",
      "100",
      "--runs",
      "2",
      "--seed",
      "11",
      "--impair",
      "delay 10ms loss 10% reorder 3% duplicate 2%"
    };
    try (RunningProgram first = here(command);
        RunningProgram second = here(command)) {
      assertEquals(0, first.exit(), first::errors);
      assertEquals(0, second.exit(), second::errors);
      assertEquals(first.output(), second.output());
      assertTrue(first.output().contains("latency p99"), first.output());
      assertTrue(first.output().contains("n/a"), first.output());
      assertEquals("", first.errors(), "no progress where nobody looks");
    }
  }

  @Test
  void assertionsDecideTheExitStatus() throws Exception {
    String[] base = {"compare", "--simulated", "-n", "50", "--runs", "1", "--assert"};
    assertEquals(0, exitOf(with(base, "reliable.lost==0 && plain.sent==50")));
    assertEquals(1, exitOf(with(base, "reliable.lost>0")));
    assertEquals(69, exitOf(with(base, "tcp.lost==0")));
    try (RunningProgram bad = here(with(base, "reliable.lost==0 && reliable.p99<80"))) {
      assertEquals(64, bad.exit());
      assertTrue(bad.errors().contains("column 34"), bad.errors());
    }
  }

  private static String[] with(String[] base, String last) {
    String[] all = Arrays.copyOf(base, base.length + 1);
    all[base.length] = last;
    return all;
  }

  @Test
  void comparisonOnThisMachineEndsWithATableAndASentence() throws Exception {
    try (RunningProgram compare =
        posthorn("compare", "-n", "40", "--runs", "1", "--assert", "reliable.delivered==40")) {
      assertEquals(0, compare.exit(), compare::errors);
      assertTrue(compare.output().contains("within 100 ms"), compare.output());
      assertTrue(compare.output().contains("eliable delivered every one"), compare.output());
    }
  }

  @Test
  void comparisonAsJsonIsOneObject() throws Exception {
    try (RunningProgram compare =
        posthorn("compare", "--simulated", "-n", "20", "--runs", "2", "--json")) {
      assertEquals(0, compare.exit(), compare::errors);
      String output = compare.output();
      assertEquals(1, output.lines().count(), output);
      assertTrue(output.startsWith("{\"plan\":{\"messages\":20,"), output);
      assertTrue(output.contains("\"tcp\":{\"notAvailable\":"), output);
      assertTrue(output.contains("\"meaning\":\""), output);
    }
  }

  @Test
  void ncatOnEitherEndOfPlainMode() throws Exception {
    RunningProgram.assumeInstalled("ncat");
    try (RunningProgram listener = posthorn("listen", "--plain", "--echo", ANY)) {
      String port = listener.port();
      try (RunningProgram ncat = RunningProgram.other("ncat", "-u", "127.0.0.1", port)) {
        ncat.type("from ncat");
        listener.awaitOutput("from ncat\n");
        ncat.awaitOutput("from ncat");
      }
    }
    int port = FreePorts.next();
    try (RunningProgram ncat =
        RunningProgram.other("ncat", "-v", "-u", "-l", "127.0.0.1", Integer.toString(port))) {
      ncat.awaitError("Listening on 127.0.0.1:" + port);
      try (RunningProgram sender = posthorn("send", "--plain", "127.0.0.1:" + port, "to ncat")) {
        assertEquals(0, sender.exit());
        ncat.awaitOutput("to ncat");
      }
    }
  }
}
