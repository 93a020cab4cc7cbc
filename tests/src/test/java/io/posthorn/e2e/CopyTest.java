package io.posthorn.e2e;

import static io.posthorn.e2e.RunningProgram.here;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardWatchEventKinds.ENTRY_CREATE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_MODIFY;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code copy} and {@code receive} as processes. */
@Timeout(180)
class CopyTest {
  private static final String ANY = "127.0.0.1:0";

  @TempDir Path folder;
  private Path from;
  private Path to;

  @BeforeEach
  void makeFolders() throws IOException {
    from = Files.createDirectory(folder.resolve("from"));
    to = Files.createDirectory(folder.resolve("to"));
  }

  private static byte[] random(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private RunningProgram receive(String... more) throws IOException {
    return here(
        Stream.concat(Stream.of("receive", ANY, to.toString()), Stream.of(more))
            .toArray(String[]::new));
  }

  /** Names below a folder with permissions, times in seconds, and contents of files. */
  private static Map<String, String> tree(Path root) throws IOException {
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(root)) {
      for (Path path : paths.filter(one -> !one.equals(root)).toList()) {
        found.put(
            root.relativize(path).toString(),
            PosixFilePermissions.toString(Files.getPosixFilePermissions(path))
                + " "
                + Files.getLastModifiedTime(path).to(TimeUnit.MICROSECONDS)
                + (Files.isRegularFile(path) ? " " + Files.readString(path) : ""));
      }
    }
    return found;
  }

  private static void set(Path path, String permissions, long seconds) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    Files.setLastModifiedTime(path, FileTime.from(Instant.ofEpochSecond(seconds, 123_456_000)));
  }

  @Test
  void aFolderArrivesWithItsTimesAndPermissions() throws Exception {
    Path deep = Files.createDirectories(from.resolve("deep/er"));
    Files.createDirectory(from.resolve("empty"));
    Files.writeString(deep.resolve("script.sh"), "#!/bin/sh\n");
    Files.writeString(from.resolve("nothing"), "");
    Files.writeString(from.resolve("umlaut ü"), "é");
    Files.writeString(from.resolve("left.o"), "object");
    Files.createSymbolicLink(from.resolve("link"), from.resolve("nothing"));
    set(deep.resolve("script.sh"), "rwxr-x---", 1_111_111_111);
    set(from.resolve("nothing"), "r--r--r--", 1_222_222_222);
    set(deep, "r-xr-xr-x", 1_333_333_333);
    set(from.resolve("empty"), "rwx------", 1_444_444_444);
    set(from, "rwxrwxr-x", 1_555_555_555);
    try (RunningProgram receive = receive("--once");
        RunningProgram copy =
            here(
                "copy",
                from.toString(),
                "127.0.0.1:" + receive.port() + "/in/side",
                "--exclude",
                "*.o")) {
      assertEquals(0, copy.exit(), copy::errors);
      assertEquals(0, receive.exit(), receive::errors);
      assertTrue(copy.errors().contains("copied 8 files and folders"), copy.errors());
    }
    Map<String, String> expected = tree(from);
    expected.remove("left.o");
    assertEquals(expected, tree(to.resolve("in/side/from")));
    Files.setPosixFilePermissions(
        to.resolve("in/side/from/deep/er"), PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.setPosixFilePermissions(deep, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** As in a container, under systemd and in cron: Java then knows no letters but ASCII's. */
  @Test
  void namesOfAllScriptsArriveWithoutALocale() throws Exception {
    Map<String, String> without = Map.of("LC_ALL", "C");
    Path folder = Files.createDirectory(from.resolve("größe"));
    Files.writeString(folder.resolve("大小"), "big");
    Files.writeString(folder.resolve("größe 100%.txt"), "small");
    Path left = Files.writeString(folder.resolve("privé 1"), "left");
    try (RunningProgram receive =
            RunningProgram.hereIn(without, "receive", ANY, to.toString(), "--once");
        RunningProgram copy =
            RunningProgram.hereIn(
                without,
                "copy",
                from.toString(),
                "127.0.0.1:" + receive.port(),
                "--exclude",
                "privé*")) {
      assertEquals(0, copy.exit(), copy::errors);
      assertEquals(0, receive.exit(), receive::errors);
    }
    Map<String, String> expected = tree(from);
    expected.remove(from.relativize(left).toString());
    assertEquals(expected, tree(to.resolve("from")));
  }

  @Test
  void aSecondRunSendsNothingAndAnotherFileIsNotReplacedUnlessTold() throws Exception {
    Path file = Files.write(from.resolve("file"), random(1_500_000, 1));
    try (RunningProgram receive = receive()) {
      String target = "127.0.0.1:" + receive.port();
      try (RunningProgram first = here("copy", file.toString(), target)) {
        assertEquals(0, first.exit(), first::errors);
      }
      try (RunningProgram again = here("copy", file.toString(), target);
          RunningProgram byContent = here("copy", "--checksum", file.toString(), target)) {
        assertEquals(0, again.exit(), again::errors);
        assertTrue(again.errors().contains("1 there already"), again.errors());
        assertEquals(0, byContent.exit(), byContent::errors);
        assertTrue(byContent.errors().contains("1 there already"), byContent.errors());
      }
      Files.writeString(file, "changed");
      try (RunningProgram changed = here("copy", file.toString(), target)) {
        assertEquals(73, changed.exit());
        assertTrue(changed.errors().contains("--overwrite"), changed.errors());
      }
      assertArrayEquals(random(1_500_000, 1), Files.readAllBytes(to.resolve("file")));
    }
    try (RunningProgram receive = receive("--overwrite");
        RunningProgram changed = here("copy", file.toString(), "127.0.0.1:" + receive.port())) {
      assertEquals(0, changed.exit(), changed::errors);
      assertEquals("changed", Files.readString(to.resolve("file")));
    }
  }

  @Test
  void aSenderThatIsKilledLeavesNothingUnderTheNameAndTheNextGoesOn() throws Exception {
    byte[] content = random(9_000_000, 2);
    Path file = Files.write(from.resolve("big"), content);
    try (RunningProgram receive = receive("-v")) {
      String target = "127.0.0.1:" + receive.port();
      try (RunningProgram cut = here("copy", "--limit-rate", "8mbit", file.toString(), target)) {
        Path part = awaitPart(1 << 20);
        cut.signal("INT");
        assertEquals(130, cut.exit(), cut::errors);
        assertTrue(cut.errors().contains("stopped"), cut.errors());
        receive.awaitError("stopped before its end");
        assertTrue(Files.size(part) >= 1 << 20);
        assertFalse(Files.exists(to.resolve("big")));
      }
      try (RunningProgram rest = here("copy", "--limit-rate", "40mbit", file.toString(), target)) {
        assertEquals(0, rest.exit(), rest::errors);
      }
      assertArrayEquals(content, Files.readAllBytes(to.resolve("big")));
      try (Stream<Path> all = Files.list(to)) {
        assertEquals(1, all.count(), "the part is gone");
      }
    }
  }

  /** Waits until the part of a file has so many bytes; the test's time limit ends it. */
  private Path awaitPart(long bytes) throws IOException, InterruptedException {
    try (WatchService changes = to.getFileSystem().newWatchService()) {
      to.register(changes, ENTRY_CREATE, ENTRY_MODIFY);
      while (true) {
        try (Stream<Path> all = Files.list(to)) {
          for (Path path : all.toList()) {
            if (path.getFileName().toString().endsWith(".part") && Files.size(path) >= bytes) {
              return path;
            }
          }
        }
        WatchKey key = changes.take();
        key.pollEvents();
        key.reset();
      }
    }
  }

  @Test
  void standardInputToStandardOutputOverABadNetwork() throws Exception {
    byte[] content = random(700_001, 3);
    try (RunningProgram receive = here("receive", "--once", "--to-stdout", ANY);
        RunningProgram copy =
            here("copy", "-", "127.0.0.1", receive.port(), "--impair", "delay 2ms loss 3%")) {
      copy.type(content).endInput();
      assertEquals(0, copy.exit(), copy::errors);
      assertEquals(0, receive.exit(), receive::errors);
      assertArrayEquals(content, receive.outputBytes());
    }
  }

  /** Who follows a log wants its lines now, and those before a cut in any case. */
  @Test
  void whatCameIsOnStandardOutputThoughMoreIsToCome() throws Exception {
    try (RunningProgram receive = here("receive", "--once", "--to-stdout", ANY);
        RunningProgram copy = here("copy", "-", "127.0.0.1", receive.port())) {
      copy.type("first\n");
      receive.awaitOutput("first");
      copy.type("second\n");
      receive.awaitOutput("second");
      copy.signal("INT");
      assertEquals(130, copy.exit(), copy::errors);
      receive.exit();
      assertEquals("first\nsecond\n", receive.output());
    }
  }

  /**
   * FAULTS 33: what nobody reads is not called copied, and the receiver ends as others in a pipe.
   */
  @Test
  void fault33StandardOutputThatIsClosedIsToldToTheSender() throws Exception {
    Path file = Files.write(from.resolve("big"), random(3_000_000, 8));
    String receive =
        String.join(" ", RunningProgram.command(List.of(), "receive", "--to-stdout", ANY));
    try (RunningProgram receiver =
            RunningProgram.other(
                "bash", "-c", "{ " + receive + "; echo status $? >&2; } | exec <&-");
        RunningProgram copy = here("copy", file.toString(), "127.0.0.1:" + receiver.port())) {
      assertEquals(74, copy.exit(), copy::errors);
      assertTrue(copy.errors().contains("nobody reads the receiver's"), copy.errors());
      receiver.awaitError("status 141");
      assertEquals(2, receiver.errors().lines().count(), receiver::errors);
    }
  }

  @Test
  void standardInputGetsTheNameThatIsGiven() throws Exception {
    try (RunningProgram receive = receive("-1");
        RunningProgram copy =
            here("copy", "-", "127.0.0.1:" + receive.port(), "--name", "dump.sql")) {
      copy.type("select").endInput();
      assertEquals(0, copy.exit(), copy::errors);
      assertEquals(0, receive.exit(), receive::errors);
    }
    assertEquals("select", Files.readString(to.resolve("dump.sql")));
  }

  @Test
  void sparseFilesStaySparseAndCostNoTime() throws Exception {
    Path file = from.resolve("sparse");
    long size = 100L << 30;
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(size);
      sparse.seek(50L << 30);
      sparse.write("in the middle".getBytes(UTF_8));
    }
    try (RunningProgram receive = receive("-1");
        RunningProgram copy = here("copy", file.toString(), "127.0.0.1:" + receive.port())) {
      assertEquals(0, copy.exit(), copy::errors);
      assertEquals(0, receive.exit(), receive::errors);
    }
    Path copied = to.resolve("sparse");
    assertEquals(size, Files.size(copied));
    try (RandomAccessFile read = new RandomAccessFile(copied.toFile(), "r")) {
      byte[] middle = new byte[13];
      read.seek(50L << 30);
      read.readFully(middle);
      assertEquals("in the middle", new String(middle, UTF_8));
    }
    try (RunningProgram du = RunningProgram.other("du", "-k", copied.toString())) {
      assertEquals(0, du.exit());
      String kilobytes = du.output().substring(0, du.output().indexOf('\t'));
      assertTrue(Long.parseLong(kilobytes) < 10_000, du.output());
    }
  }

  @Test
  void thousandsOfSmallFilesArriveTogether() throws Exception {
    for (int i = 0; i < 2_000; i++) {
      Path sub = from.resolve("sub" + i % 20);
      Files.createDirectories(sub);
      Files.writeString(sub.resolve("file" + i), "content " + i);
    }
    try (RunningProgram receive = receive("-1");
        RunningProgram copy = here("copy", from.toString(), "127.0.0.1:" + receive.port())) {
      assertEquals(0, copy.exit(), copy::errors);
      assertEquals(0, receive.exit(), receive::errors);
      assertTrue(receive.errors().contains("2000 files"), receive.errors());
    }
    assertEquals(tree(from), tree(to.resolve("from")));
  }

  @Test
  void whatCannotBeReadIsSaidAndTheRestArrives() throws Exception {
    Files.writeString(from.resolve("good"), "good");
    try (RunningProgram fifo = RunningProgram.other("mkfifo", from.resolve("pipe").toString())) {
      assertEquals(0, fifo.exit());
    }
    Files.createSymbolicLink(from.resolve("dangling"), from.resolve("absent"));
    try (RunningProgram receive = receive("-1");
        RunningProgram copy = here("copy", from.toString(), "127.0.0.1:" + receive.port())) {
      int status = copy.exit();
      assertTrue(status == 65 || status == 66, () -> status + copy.errors());
      assertTrue(copy.errors().contains("from/pipe: not copied: it is a device"), copy.errors());
      assertTrue(copy.errors().contains("from/dangling: not copied: no such file"), copy.errors());
      assertEquals(0, receive.exit(), receive::errors);
    }
    assertEquals("good", Files.readString(to.resolve("from/good")));
  }

  @Test
  void wrongCommandLinesAndPeersHaveTheirStatus() throws Exception {
    Path file = Files.writeString(from.resolve("file"), "x");
    Path twin = Files.writeString(folder.resolve("file"), "y");
    try (RunningProgram absent = here("copy", from.resolve("no").toString(), "127.0.0.1:9");
        RunningProgram twins = here("copy", file.toString(), twin.toString(), "127.0.0.1:9");
        RunningProgram outside = here("copy", file.toString(), "127.0.0.1:9/../x");
        RunningProgram nowhere = here("receive", ANY, folder.resolve("a/b").toString());
        RunningProgram strangers = here("receive", "0.0.0.0:0", to.toString());
        RunningProgram listener = here("listen", ANY);
        RunningProgram copy = here("copy", file.toString(), "127.0.0.1:" + listener.port());
        RunningProgram receive = receive();
        RunningProgram send = here("send", "127.0.0.1:" + receive.port(), "hello")) {
      assertEquals(66, absent.exit());
      assertEquals(64, twins.exit());
      assertTrue(twins.errors().contains("two of the sources are called file"), twins.errors());
      assertEquals(64, outside.exit());
      assertEquals(73, nowhere.exit());
      assertEquals(78, strangers.exit());
      assertEquals(76, copy.exit());
      assertTrue(copy.errors().contains("posthorn receive"), copy.errors());
      assertEquals(76, send.exit(), send::errors);
    }
  }

  /** Needs a file system of its own, which only root may make. */
  @Test
  void fault23AFullDiskBelowTheReceiversFolderIsToldBeforeTheFirstByte() throws Exception {
    assumeTrue(mayMount(), "no mount namespace here");
    Path file = Files.write(from.resolve("big"), random(3_000_000, 9));
    Path disk = Files.createDirectory(to.resolve("disk"));
    try (RunningProgram receive =
            RunningProgram.other(
                "unshare",
                "-m",
                "sh",
                "-c",
                "mount -t tmpfs -o size=2m none \"$1\" && exec \"$2\" -jar \"$3\" receive"
                    + " 127.0.0.1:0 \"$4\"",
                "sh",
                disk.toString(),
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                String.valueOf(System.getProperty("posthorn.jar")),
                to.toString());
        RunningProgram copy =
            here("copy", file.toString(), "127.0.0.1:" + receive.port() + "/disk")) {
      assertEquals(74, copy.exit(), copy::errors);
      assertTrue(copy.errors().contains("bytes free"), copy.errors());
    }
  }

  /** Needs a file system of its own, which only root may make. */
  @Test
  void fault23ADiskThatIsFullIsToldOnBothSides() throws Exception {
    assumeTrue(mayMount(), "no mount namespace here");
    Path file = Files.write(from.resolve("big"), random(3_000_000, 4));
    Path small = Files.write(from.resolve("small"), random(1_000, 5));
    try (RunningProgram receive =
            RunningProgram.other(
                "unshare",
                "-mp",
                "--fork",
                "--kill-child", // or the receiver would outlive the test
                "--mount-proc",
                "sh",
                "-c",
                "mount -t tmpfs -o size=2m none \"$1\" && \"$2\" -jar \"$3\" receive 127.0.0.1:0"
                    + " \"$1\" & wait; ls -A \"$1\"",
                "sh",
                to.toString(),
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                String.valueOf(System.getProperty("posthorn.jar")));
        RunningProgram stream =
            here("copy", "-", "127.0.0.1:" + receive.port(), "--name", "stream");
        RunningProgram copy =
            here("copy", file.toString(), small.toString(), "127.0.0.1:" + receive.port())) {
      assertEquals(74, copy.exit(), copy::errors);
      assertTrue(copy.errors().contains("bytes free"), copy.errors());
      assertTrue(copy.errors().contains("copied 1 file"), copy.errors());
      receive.awaitError("big: the receiver's disk has");
      stream.typeUntilItEnds(random(3_000_000, 6));
      assertEquals(74, stream.exit(), stream::errors);
      assertTrue(stream.errors().contains("no space left"), stream.errors());
      receive.awaitError("stream: no space left");
    }
  }

  /** Root may do everything; so as root the programs run without that privilege. */
  private static RunningProgram withoutPrivilege(String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    if ("root".equals(System.getProperty("user.name"))) {
      command.addAll(
          List.of("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"));
    }
    command.addAll(RunningProgram.command(List.of(), arguments));
    return RunningProgram.other(command.toArray(String[]::new));
  }

  @Test
  void fault23APermissionThatIsMissingIsToldOnBothSides() throws Exception {
    RunningProgram.assumeInstalled("setpriv");
    Files.writeString(from.resolve("good"), "good");
    Path secret = Files.writeString(from.resolve("secret"), "secret");
    Path locked = Files.createDirectory(to.resolve("locked"));
    Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("---------"));
    Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("r-xr-xr-x"));
    try (RunningProgram receive = withoutPrivilege("receive", ANY, to.toString());
        RunningProgram nowhere = withoutPrivilege("receive", ANY, locked.toString())) {
      assertEquals(73, nowhere.exit());
      assertTrue(nowhere.errors().contains(locked + ": permission denied"), nowhere.errors());
      String target = "127.0.0.1:" + receive.port();
      try (RunningProgram unreadable = withoutPrivilege("copy", from.toString(), target);
          RunningProgram unwritable =
              withoutPrivilege("copy", from.resolve("good").toString(), target + "/locked")) {
        assertEquals(66, unreadable.exit(), unreadable::errors);
        assertTrue(
            unreadable.errors().contains("from/secret: not copied: permission denied"),
            unreadable.errors());
        assertEquals(73, unwritable.exit(), unwritable::errors);
        assertTrue(unwritable.errors().contains("permission denied"), unwritable.errors());
        receive.awaitError("locked/good: ");
        assertTrue(receive.errors().contains("permission denied"), receive.errors());
      }
    }
    assertEquals("good", Files.readString(to.resolve("from/good")));
    assertFalse(Files.exists(to.resolve("from/secret")));
    try (Stream<Path> none = Files.list(locked)) {
      assertEquals(0, none.count());
    }
  }

  private static boolean mayMount() throws InterruptedException {
    try (RunningProgram unshare =
        RunningProgram.other("unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt")) {
      return unshare.exit() == 0;
    } catch (IOException absent) {
      return false;
    }
  }

  @Test
  void fault23AFileThatShrinksOrVanishesWhileItIsCopied() throws Exception {
    Path file = Files.write(from.resolve("log"), random(6_000_000, 7));
    try (RunningProgram receive = receive();
        RunningProgram copy =
            here("copy", "--limit-rate", "4mbit", file.toString(), "127.0.0.1:" + receive.port())) {
      awaitPart(1);
      Files.write(file, new byte[10]);
      assertEquals(74, copy.exit(), copy::errors);
      assertTrue(copy.errors().contains("changed while it was read"), copy.errors());
      assertFalse(Files.exists(to.resolve("log")));
    }
  }
}
