package io.posthorn.e2e;

import static io.posthorn.e2e.RunningProgram.here;
import static io.posthorn.e2e.RunningProgram.posthorn;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Connection;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code listen --exec} and {@code --sh-exec}: a child for each client. */
@Timeout(180)
class ExecTest {
  private static final String ANY = "127.0.0.1:0";
  private static final Duration LONG = Duration.ofSeconds(60);

  private static RunningProgram shell(String command, String... more) throws IOException {
    List<String> all = new ArrayList<>(List.of("listen", "-v", "-c", command, ANY));
    all.addAll(List.of(more));
    return posthorn(all.toArray(String[]::new));
  }

  private static void awaitExit(long pid) throws Exception {
    Optional<ProcessHandle> process = ProcessHandle.of(pid);
    if (process.isPresent()) {
      process.get().onExit().get(60, TimeUnit.SECONDS);
    }
  }

  private static MessageSocket client(String application) throws IOException {
    return MessageSocket.builder()
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .application(application)
        .open();
  }

  private static Connection connect(MessageSocket socket, RunningProgram listener)
      throws Exception {
    return socket.connect(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(listener.port())));
  }

  @Test
  void aChildsStreamsAndStatusAreTheClientsOwn() throws Exception {
    try (RunningProgram listener =
            shell("read line; echo \"got $line\"; echo oops >&2; cat; exit 7");
        RunningProgram connect = here("connect", "127.0.0.1", listener.port())) {
      connect.type("first\nrest").endInput();
      assertEquals(7, connect.exit(), connect::errors);
      assertEquals("got first\nrest", connect.output());
      assertTrue(connect.errors().endsWith("oops\n"), connect.errors());
    }
  }

  @Test
  void sendThatIsInterruptedSaysNothingOfAnotherStatus() throws Exception {
    try (RunningProgram listener = shell("cat");
        RunningProgram send = here("send", "--json", "127.0.0.1:" + listener.port())) {
      send.type("here\n");
      send.awaitOutput("here\n");
      send.signal("INT");
      assertEquals(130, send.exit());
      assertFalse(send.errors().contains("\"exit\""), send.errors());
    }
  }

  @Test
  void sendReturnsTheStatusTooAndTheListenerSumsUpWhenItIsStopped() throws Exception {
    try (RunningProgram listener = shell("tr a-z A-Z; exit 3");
        RunningProgram send = here("send", "127.0.0.1:" + listener.port(), "hello", "world")) {
      assertEquals(3, send.exit(), send::errors);
      assertEquals("HELLO WORLD\n", send.output());
      listener.signal("INT");
      assertEquals(130, listener.exit(), listener::errors);
      assertTrue(
          listener.errors().contains("started 1 child; received 1 message, 11 bytes, in "),
          listener.errors());
    }
  }

  @Test
  void theEnvironmentTellsWhomTheChildServesAndNoShellReadsTheWordsOfExec(@TempDir Path home)
      throws Exception {
    String fingerprint;
    try (RunningProgram key = RunningProgram.hereAt(home, "keys", "fingerprint")) {
      assertEquals(0, key.exit(), key::errors);
      fingerprint = key.output().strip();
    }
    String words = "echo $POSTHORN_PEER $POSTHORN_LOCAL_PORT $POSTHORN_FINGERPRINT";
    try (RunningProgram listener =
            posthorn("listen", "--once", "-e", "sh -c '" + words + "'", ANY);
        RunningProgram connect =
            RunningProgram.hereAt(home, "connect", "127.0.0.1", listener.port())) {
      assertEquals(0, connect.exit(), connect::errors);
      String[] told = connect.output().strip().split(" ", -1);
      assertTrue(told[0].matches("127\\.0\\.0\\.1:\\d+"), connect.output());
      assertEquals(listener.port(), told[1]);
      assertEquals(fingerprint, told[2]);
      assertEquals(0, listener.exit(), "--once");
    }
  }

  /** What keeps strangers out is not for the child, which may show its environment to anybody. */
  @Test
  void theSecretIsNotInTheEnvironmentOfTheChild() throws Exception {
    Map<String, String> secret = Map.of("POSTHORN_SECRET", "six words that nobody else knows");
    String words = "env; echo secret ${POSTHORN_SECRET-unset}";
    try (RunningProgram listener =
            RunningProgram.posthornIn(secret, "listen", "--once", "-c", words, ANY);
        RunningProgram connect =
            RunningProgram.hereIn(secret, "connect", "127.0.0.1", listener.port())) {
      assertEquals(0, connect.exit(), connect::errors);
      assertTrue(connect.output().endsWith("\nsecret unset\n"), connect.output());
      assertFalse(connect.output().contains("nobody else"), connect.output());
    }
  }

  @Test
  void megabytesGoThroughAChildInBothDirectionsAtOnce() throws Exception {
    byte[] content = new byte[3_000_001];
    new Random(3).nextBytes(content);
    try (RunningProgram listener = posthorn("listen", "-e", "cat", ANY);
        RunningProgram connect = here("connect", "127.0.0.1", listener.port())) {
      connect.type(content).endInput();
      assertEquals(0, connect.exit(), connect::errors);
      assertArrayEquals(content, connect.outputBytes());
    }
  }

  @Test
  void aChildEndedByASignalIsToldAsAShellDoes() throws Exception {
    try (RunningProgram listener = shell("kill -9 $$");
        RunningProgram connect = here("connect", "127.0.0.1", listener.port())) {
      assertEquals(137, connect.exit(), connect::errors);
    }
  }

  @Test
  void aListenerThatIsKilledCostsTheClientItsOwnStatus() throws Exception {
    try (RunningProgram listener = shell("echo ready; cat");
        RunningProgram connect = here("connect", "127.0.0.1", listener.port())) {
      connect.awaitOutput("ready\n");
      listener.signal("TERM");
      assertEquals(143, listener.exit());
      int status = connect.exit();
      assertTrue(status == 143 || status == 255, () -> status + connect.errors());
    }
  }

  @Test
  void aCommandThatDoesNotStartIsSaidToTheClient() throws Exception {
    try (RunningProgram listener = posthorn("listen", "-v", "-e", "/no/such/program", ANY);
        RunningProgram connect = here("connect", "127.0.0.1", listener.port())) {
      assertEquals(255, connect.exit());
      assertTrue(connect.errors().contains("the command does not start"), connect.errors());
    }
  }

  @Test
  void oneClientTooManyIsToldToTryAgain() throws Exception {
    try (RunningProgram listener = shell("echo ready; cat", "-m", "1");
        RunningProgram first = here("connect", "127.0.0.1", listener.port())) {
      first.awaitOutput("ready\n");
      try (RunningProgram second = here("connect", "127.0.0.1", listener.port())) {
        assertEquals(75, second.exit());
        assertTrue(second.errors().contains("busy: at most 1"), second.errors());
      }
      first.endInput();
      assertEquals(0, first.exit(), first::errors);
    }
  }

  /** A slow way holds up what the child said for longer than anything else is waited for. */
  @Test
  void aListenerOfOneEndsWhenTheClientHasAllThatItsChildSaid() throws Exception {
    String says = "head -c 3000000 /dev/zero; exit 3";
    try (RunningProgram listener =
            posthorn("listen", "--once", "-c", says, "--impair", "rate 2mbit", ANY);
        RunningProgram connect = here("connect", "127.0.0.1", listener.port())) {
      connect.endInput();
      assertEquals(3, connect.exit(), connect::errors);
      assertEquals(3_000_000, connect.outputBytes().length);
      assertEquals(0, listener.exit(), listener::errors);
    }
  }

  @Test
  void strangersAreNotServedUnawares() throws Exception {
    try (RunningProgram listener = here("listen", "-e", "cat", "0.0.0.0:0")) {
      assertEquals(78, listener.exit());
      assertTrue(listener.errors().contains("--allow-anyone"), listener.errors());
    }
    try (RunningProgram listener = here("listen", "-e", "cat", "0.0.0.0:0", "--allow-anyone")) {
      listener.port();
    }
  }

  @Test
  void pingsStartNoChild(@TempDir Path folder) throws Exception {
    Path started = folder.resolve("started");
    try (RunningProgram listener = shell("touch " + started);
        RunningProgram ping =
            here("ping", "-c", "2", "-i", "0", "-W", "30", "127.0.0.1", listener.port())) {
      assertEquals(0, ping.exit(), ping::errors);
      assertTrue(!Files.exists(started));
    }
  }

  @Test
  void aPeerOfTheLibraryGivesLinesAndItsEndLetsTheChildFinish(@TempDir Path folder)
      throws Exception {
    Path file = folder.resolve("all");
    try (RunningProgram listener =
            shell("trap '' TERM; echo welcome; cat > " + file + "; echo done >> " + file);
        MessageSocket socket = client("")) {
      Connection connection = connect(socket, listener);
      connection.send("one".getBytes(UTF_8));
      connection.send("two".getBytes(UTF_8));
      Message welcome = connection.receive(LONG);
      assertNotNull(welcome);
      assertEquals("welcome\n", welcome.text());
      connection.close(LONG);
      listener.awaitError("child ended with 0");
      assertEquals("one\ntwo\ndone\n", Files.readString(file));
    }
  }

  /** A client that vanishes in each phase; its child hears of it, and at last is killed. */
  @Test
  void childrenOfClientsThatVanishAreAskedToEndAndThenMadeTo(@TempDir Path folder)
      throws Exception {
    String heeds = "trap 'echo term > $F/heeds; exit' TERM; echo $$; while :; do sleep 0.1; done";
    String deaf = "trap '' TERM; echo $$; while :; do sleep 0.1; done";
    try (RunningProgram heeding = shell("F=" + folder + "; " + heeds);
        RunningProgram unheeding = shell("F=" + folder + "; " + deaf)) {
      awaitExit(leave(heeding));
      assertTrue(Files.exists(folder.resolve("heeds")));
      awaitExit(leave(unheeding));
    }
  }

  /** Connects, learns the child's number, and goes without a word; answers the number. */
  private static long leave(RunningProgram listener) throws Exception {
    try (MessageSocket socket = client("posthorn-connect/1")) {
      Connection connection = connect(socket, listener);
      Message pid = connection.receive(LONG);
      assertNotNull(pid);
      connection.close(255, "gone", LONG);
      return Long.parseLong(pid.text().strip());
    }
  }

  /** Two hundred at once, none starving another; afterwards nothing is left of them. */
  @Test
  void twoHundredClientsAtOnceLeaveNothingBehind() throws Exception {
    try (RunningProgram listener = posthorn("listen", "-e", "cat", ANY)) {
      InetSocketAddress to =
          new InetSocketAddress(
              InetAddress.getLoopbackAddress(), Integer.parseInt(listener.port()));
      long descriptorsBefore = descriptors(listener.pid());
      List<MessageSocket> sockets = new ArrayList<>();
      List<ProcessHandle> processes;
      try {
        List<Connection> clients = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
          MessageSocket one = client("posthorn-connect/1");
          sockets.add(one);
          clients.add(one.connect(to));
        }
        byte[] flood = new byte[16 << 10];
        // The first never reads what comes back, so its child stands still.
        while (clients.get(0).trySend(clients.get(0).message().body(flood)) != null) {
          assertTrue(clients.get(0).isOpen());
        }
        for (int round = 0; round < 3; round++) {
          for (int i = 1; i < clients.size(); i++) {
            clients.get(i).send((i + "." + round).getBytes(UTF_8));
          }
          for (int i = 1; i < clients.size(); i++) {
            Message answer = clients.get(i).receive(LONG);
            assertNotNull(answer, "client " + i + " starves");
            assertEquals(i + "." + round, answer.text());
          }
        }
        assertEquals(200, children(listener.pid()));
        processes = ProcessHandle.of(listener.pid()).orElseThrow().children().toList();
        for (Connection one : clients.subList(1, clients.size())) {
          one.send(one.message().channel(63).body("end 3"));
        }
        for (Connection one : clients.subList(1, clients.size())) {
          Message exit = one.receive(LONG);
          assertNotNull(exit);
          assertEquals("exit 0 3 0", exit.text());
        }
      } finally {
        for (MessageSocket one : sockets) {
          one.close(Duration.ZERO);
        }
      }
      for (ProcessHandle process : processes) {
        awaitExit(process.pid());
      }
      assertEquals(0, children(listener.pid()));
      while (descriptors(listener.pid()) > descriptorsBefore + 2) {
        Thread.onSpinWait(); // the time limit of the test ends this if they stay open
      }
    }
  }

  /** Zombies count too. */
  private static long children(long pid) throws IOException {
    try (Stream<Path> tasks = Files.list(Path.of("/proc/" + pid + "/task"))) {
      long count = 0;
      for (Path task : tasks.toList()) {
        count += childrenOfTask(task);
      }
      return count;
    }
  }

  private static int childrenOfTask(Path task) {
    try {
      String list = Files.readString(task.resolve("children")).strip();
      return list.isEmpty() ? 0 : list.split(" ", -1).length;
    } catch (IOException threadHasEnded) {
      return 0;
    }
  }

  private static long descriptors(long pid) {
    try (Stream<Path> all = Files.list(Path.of("/proc/" + pid + "/fd"))) {
      return all.count();
    } catch (IOException changing) {
      return Long.MAX_VALUE;
    }
  }
}
