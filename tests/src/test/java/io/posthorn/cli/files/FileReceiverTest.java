package io.posthorn.cli.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.posthorn.Connection;
import io.posthorn.ConnectionClosedException;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.Security;
import io.posthorn.cli.files.CopyMessage.Answer;
import io.posthorn.cli.files.CopyMessage.End;
import io.posthorn.cli.files.CopyMessage.File;
import io.posthorn.cli.files.CopyMessage.Folder;
import io.posthorn.cli.files.CopyMessage.Hello;
import io.posthorn.cli.files.CopyMessage.Result;
import io.posthorn.identity.Identity;
import io.posthorn.simulation.LinkConditions;
import io.posthorn.testkit.TestRelay;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A receiver and a sender that says what it likes. */
@Timeout(90)
class FileReceiverTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final byte[] NO_HASH = new byte[0];

  @TempDir Path all;
  private Path target;
  private MessageSocket server;
  private MessageSocket client;
  private Connection sender;
  private CompletableFuture<Boolean> end;
  private final List<String> told = Collections.synchronizedList(new ArrayList<>());

  private final FileReceiver.Journal journal =
      new FileReceiver.Journal() {
        @Override
        public void stored(String name, long bytes) {
          told.add(name);
        }

        @Override
        public void refused(String name, String reason) {
          told.add(name + ": refused");
        }
      };

  @BeforeEach
  void connect() throws IOException {
    target = Files.createDirectory(all.resolve("target"));
    server = socket();
    client = socket();
    begin(false);
  }

  private static MessageSocket socket() throws IOException {
    return socket(Security.ephemeral());
  }

  private static MessageSocket socket(Security security) throws IOException {
    return MessageSocket.builder()
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .security(security)
        .open();
  }

  private void begin(boolean overwrite) throws IOException {
    begin(client, overwrite);
  }

  private void begin(MessageSocket from, boolean overwrite) throws IOException {
    begin(from.connect(server.localAddress()), overwrite);
  }

  private void begin(Connection connected, boolean overwrite) throws IOException {
    sender = connected;
    Connection accepted = server.accept(LONG);
    assertNotNull(accepted);
    FileReceiver receiver =
        new FileReceiver(accepted, target, new FileReceiver.Settings(overwrite), journal);
    CompletableFuture<Boolean> its = new CompletableFuture<>();
    end = its;
    Thread thread =
        new Thread(
            () -> {
              try {
                its.complete(receiver.run());
              } catch (IOException | RuntimeException failed) {
                its.completeExceptionally(failed);
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  @AfterEach
  void close() {
    client.close(Duration.ZERO);
    server.close(Duration.ZERO);
  }

  private void send(CopyMessage message) throws IOException {
    sender.send(CopyMessage.encode(message));
  }

  private <T> T next(Class<T> type) throws IOException {
    while (true) {
      Message message = sender.receive(LONG);
      assertNotNull(message, "no " + type);
      CopyMessage read = CopyMessage.decode(message.bytes());
      if (!(read instanceof CopyMessage.Progress)) {
        return assertInstanceOf(type, read);
      }
    }
  }

  private void hello(String folder) throws IOException {
    send(new Hello(1, 1, folder));
    next(CopyMessage.Welcome.class);
  }

  private static File file(int id, String name, long size, boolean waits) {
    return new File(id, name, 0640, 1_000_000_000, 0, size, Math.max(0, size), waits, NO_HASH);
  }

  private void content(byte[] bytes) throws IOException {
    byte[] typed = new byte[bytes.length];
    System.arraycopy(bytes, 0, typed, 0, bytes.length);
    for (int at = 0; at < bytes.length; at += CopyMessage.LARGEST_PIECE_BYTES) {
      int to = Math.min(bytes.length, at + CopyMessage.LARGEST_PIECE_BYTES);
      send(new CopyMessage.Piece(java.util.Arrays.copyOfRange(typed, at, to), 0));
    }
  }

  private static End end(byte[] bytes) {
    TreeHash hash = new TreeHash();
    hash.update(bytes, 0, bytes.length);
    return new End(bytes.length, hash.hash());
  }

  private void sendUnasked(int id, String name, String text) throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    send(file(id, name, bytes.length, false));
    content(bytes);
    send(end(bytes));
  }

  private Result sendSmall(int id, String name, String text) throws IOException {
    sendUnasked(id, name, text);
    return next(Result.class);
  }

  /** Every file and folder below, with its content. */
  private Map<String, String> everything() throws IOException {
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(all)) {
      for (Path path : paths.toList()) {
        found.put(
            all.relativize(path).toString(),
            Files.isSymbolicLink(path)
                ? "-> " + Files.readSymbolicLink(path)
                : Files.isRegularFile(path) ? Files.readString(path) : "");
      }
    }
    return found;
  }

  @Test
  void fault62HostileNamesChangeNothing() throws Exception {
    Files.writeString(all.resolve("outside"), "outside");
    Files.createDirectory(all.resolve("elsewhere"));
    Files.createSymbolicLink(target.resolve("link"), all.resolve("elsewhere"));
    Files.createSymbolicLink(target.resolve("dangling"), all.resolve("made-by-link"));
    Files.createSymbolicLink(target.resolve("to-file"), all.resolve("outside"));
    Map<String, String> before = everything();
    hello("");
    int id = 0;
    for (String name :
        new String[] {
          "../x",
          "/tmp/posthorn-x",
          "a/../../x",
          "C:\\x",
          "a\0b",
          "CON",
          "x".repeat(300),
          "link/x",
          "link",
          "dangling",
          "to-file",
          "dangling/x",
          "to-file/x"
        }) {
      Result result = sendSmall(++id, name, "hostile");
      assertEquals(id, result.id());
      assertEquals(73, result.code(), () -> name + ": " + result.reason());
      send(new Folder(++id, name, 0777, 0, 0));
      assertEquals(73, next(Result.class).code(), name);
    }
    send(new CopyMessage.Done());
    next(CopyMessage.Done.class);
    assertTrue(end.get(30, TimeUnit.SECONDS));
    Map<String, String> after = everything();
    after.keySet().removeIf(name -> name.equals("target/a")); // on the way to a/../../x: none
    assertEquals(before, after);
  }

  @Test
  void fault62AnOverwriteReplacesALinkAndNotWhatItNames() throws Exception {
    Files.writeString(all.resolve("outside"), "outside");
    Files.createSymbolicLink(target.resolve("to-file"), all.resolve("outside"));
    sender.close(Duration.ZERO);
    begin(true);
    hello("");
    assertEquals(0, sendSmall(1, "to-file", "new").code());
    assertEquals("outside", Files.readString(all.resolve("outside")));
    assertTrue(
        Files.isRegularFile(target.resolve("to-file"), java.nio.file.LinkOption.NOFOLLOW_LINKS));
  }

  @Test
  void fault62APartThatIsALinkIsNotFollowed() throws Exception {
    Files.writeString(all.resolve("outside"), "outside");
    Files.createSymbolicLink(target.resolve(PartName.of("x")), all.resolve("outside"));
    hello("");
    assertEquals(73, sendSmall(1, "x", "new").code());
    assertEquals("outside", Files.readString(all.resolve("outside")));
  }

  @Test
  void fault62TwinsByCaseDoNotOverwriteEachOther() throws Exception {
    hello("");
    assertEquals(0, sendSmall(1, "twin", "small").code());
    Result other = sendSmall(2, "TWIN", "large");
    assertEquals("small", Files.readString(target.resolve("twin")));
    assertTrue(
        other.code() == 73 || Files.readString(target.resolve("TWIN")).equals("large"),
        other::reason);
  }

  @Test
  void aFolderIsNeverMoreOpenThanItIsToBeAndOpenForItsOwnerUntilTheEnd() throws Exception {
    hello("");
    send(new Folder(1, "private", 0700, 1_000_000_000, 0));
    assertEquals(0, next(Result.class).code());
    send(new Folder(2, "fixed", 0510, 1_000_000_000, 0));
    assertEquals(0, next(Result.class).code());
    assertEquals("rwx------", permissions("private"));
    // Until the end the umask of whoever runs the tests may take more.
    assertTrue(permissions("fixed").matches("rwx--[x-]---"), permissions("fixed"));
    assertEquals(0, sendSmall(3, "fixed/file", "x").code());
    finish();
    assertEquals("r-x--x---", permissions("fixed"));
    Files.setPosixFilePermissions(
        target.resolve("fixed"), PosixFilePermissions.fromString("rwx------"));
  }

  @Test
  void aFolderThatIsThereKeepsItsTimesAndPermissionsUnlessTold() throws Exception {
    Path there = Files.createDirectory(target.resolve("there"));
    Files.setPosixFilePermissions(there, PosixFilePermissions.fromString("rwxrwx--x"));
    FileTime time = FileTime.fromMillis(1_234_567_890_000L);
    Files.setLastModifiedTime(there, time);
    Folder folder = new Folder(1, "there", 0700, 1_000_000_000, 0);
    hello("");
    send(folder);
    assertEquals(0, next(Result.class).code());
    finish();
    assertEquals("rwxrwx--x", permissions("there"));
    assertEquals(time, Files.getLastModifiedTime(there));
    sender.close(LONG);
    begin(true);
    hello("");
    send(folder);
    assertEquals(0, next(Result.class).code());
    finish();
    assertEquals("rwx------", permissions("there"));
    assertEquals(FileTime.fromMillis(1_000_000_000_000L), Files.getLastModifiedTime(there));
  }

  private void cutAfterAFolderWasMade(Folder folder) throws Exception {
    hello("");
    send(folder);
    assertEquals(0, next(Result.class).code());
    assertEquals(0, sendSmall(2, folder.path() + "/before", "x").code());
    sender.close(LONG);
    assertThrows(Exception.class, () -> end.get(30, TimeUnit.SECONDS));
    begin(false);
  }

  private void goOn(Folder folder) throws Exception {
    hello("");
    send(folder);
    assertEquals(0, next(Result.class).code());
    assertEquals(0, sendSmall(2, folder.path() + "/after", "x").code());
    finish();
  }

  @Test
  void aFolderThatWasMadeBeforeACutGetsItsTimesAndPermissionsAllTheSame() throws Exception {
    Folder folder = new Folder(1, "made", 0750, 1_000_000_000, 0);
    cutAfterAFolderWasMade(folder);
    assertEquals("rwxr-x---", permissions("made"));
    Files.setPosixFilePermissions(
        target.resolve("made"), PosixFilePermissions.fromString("rwx------"));
    goOn(folder);
    assertEquals("rwxr-x---", permissions("made"));
    assertEquals(
        FileTime.fromMillis(1_000_000_000_000L), Files.getLastModifiedTime(target.resolve("made")));
    try (Stream<Path> left = Files.list(target.resolve("made"))) {
      assertEquals(
          List.of("after", "before"),
          left.map(path -> path.getFileName().toString()).sorted().toList());
    }
  }

  @Test
  void aMarkThatSomebodyElseLaidIntoAFolderChangesNothing() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "only root may give files away");
    Folder folder = new Folder(1, "made", 0777, 1_000_000_000, 0);
    Path place = Files.createDirectory(target.resolve("made"));
    Files.setPosixFilePermissions(place, PosixFilePermissions.fromString("rwx------"));
    Path mark = Files.writeString(place.resolve(PartName.of(".")), "");
    Files.setAttribute(mark, "unix:uid", 65_534);
    goOn(folder);
    assertEquals("rwx------", permissions("made"));
  }

  @Test
  void aFolderThatAnotherSenderStillFillsIsLeftToThatOne() throws Exception {
    hello("");
    send(new Folder(1, "made", 0750, 1_000_000_000, 0));
    assertEquals(0, next(Result.class).code());
    final Connection first = sender;
    final CompletableFuture<Boolean> firstEnd = end;
    try (MessageSocket other = socket()) {
      begin(other, false);
      goOn(new Folder(1, "made", 0500, 1_100_000_000, 0));
    }
    assertEquals("rwxr-x---", permissions("made"));
    sender = first;
    end = firstEnd;
    finish();
    assertEquals("rwxr-x---", permissions("made"));
    assertEquals(
        FileTime.fromMillis(1_000_000_000_000L), Files.getLastModifiedTime(target.resolve("made")));
  }

  @Test
  void namesAreToldWithTheFolderThatTheHelloNames() throws Exception {
    hello("sub/folder");
    assertEquals(0, sendSmall(1, "x", "x").code());
    assertEquals(73, sendSmall(2, "x", "other").code());
    Files.createDirectories(target.resolve("sub/folder"));
    byte[] bytes = "late".getBytes(UTF_8);
    send(file(3, "late", bytes.length, true));
    next(Answer.class);
    Files.writeString(target.resolve("sub/folder/late"), "faster");
    send(new CopyMessage.Start(0));
    content(bytes);
    send(end(bytes));
    assertEquals(73, next(Result.class).code());
    assertEquals(
        List.of("sub/folder/x", "sub/folder/x: refused", "sub/folder/late: refused"), told);
  }

  private String permissions(String name) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(target.resolve(name)));
  }

  private void finish() throws Exception {
    send(new CopyMessage.Done());
    next(CopyMessage.Done.class);
    assertTrue(end.get(30, TimeUnit.SECONDS));
  }

  @Test
  void fault64ImpossibleSizesEndTheConversationAndHugeOnesAreRefused() throws Exception {
    hello("");
    send(file(1, "huge", Long.MAX_VALUE, false));
    assertEquals(65, next(Result.class).code());
    send(new End(0, new byte[TreeHash.HASH_BYTES]));
    send(file(2, "full", 1L << 43, true));
    Answer answer = next(Answer.class);
    Result full = next(Result.class);
    assertEquals(74, answer.code());
    assertTrue(full.reason().contains("bytes free"), full::reason);
    send(file(3, "negative", -2, false));
    assertRefused("impossible size");
  }

  private void assertRefused(String words) {
    ConnectionClosedException closed =
        assertThrows(
            ConnectionClosedException.class,
            () -> {
              while (sender.receive(LONG) != null) {
                assertTrue(sender.isOpen());
              }
            });
    assertEquals(FileReceiver.CODE_PROTOCOL, closed.applicationCode());
    assertTrue(String.valueOf(closed.getMessage()).contains(words), closed.getMessage());
  }

  @Test
  void fault64ABillionFilesAreTooMany() throws Exception {
    send(new Hello(1_000_000_000, 1, ""));
    assertRefused("more than");
  }

  @Test
  void fault64MoreContentThanDeclaredEndsTheConversationAndLeavesNothing() throws Exception {
    hello("");
    send(file(1, "x", 3, false));
    content("four".getBytes(UTF_8));
    assertRefused("longer than it was declared");
    try (Stream<Path> left = Files.list(target)) {
      assertEquals(0, left.count());
    }
  }

  @Test
  void fault64AHoleInAStreamCannotKeepTheReceiverBusy() throws Exception {
    hello("");
    send(file(1, "x", CopyMessage.UNKNOWN_SIZE, false));
    send(new CopyMessage.Hole(Long.MAX_VALUE));
    assertRefused("hole");
  }

  @Test
  void contentThatIsNotWhatItsHashSaysNeverGetsTheName() throws Exception {
    hello("sub/folder");
    byte[] bytes = "right".getBytes(UTF_8);
    send(file(1, "x", bytes.length, false));
    content("wrong".getBytes(UTF_8));
    send(end(bytes));
    assertEquals(65, next(Result.class).code());
    try (Stream<Path> left = Files.list(target.resolve("sub/folder"))) {
      assertEquals(0, left.count());
    }
  }

  @Test
  void aCutIsGoneOnWithFromWhatIsKeptByItsHash() throws Exception {
    byte[] bytes = new byte[2_500_000];
    new Random(1).nextBytes(bytes);
    hello("");
    send(file(1, "big", bytes.length, true));
    assertEquals(0, next(Answer.class).kept());
    send(new CopyMessage.Start(0));
    content(java.util.Arrays.copyOf(bytes, 2_200_000));
    // What it has not written yet would be dropped with the connection.
    Path part = target.resolve(PartName.of("big"));
    while (Files.notExists(part) || Files.size(part) < 2_200_000) {
      Thread.onSpinWait();
    }
    sender.close(LONG);
    assertThrows(Exception.class, () -> end.get(30, TimeUnit.SECONDS));
    assertTrue(Files.notExists(target.resolve("big")));

    begin(false);
    hello("");
    send(file(1, "big", bytes.length, true));
    Answer answer = next(Answer.class);
    assertEquals(2 << 20, answer.kept());
    TreeHash kept = new TreeHash();
    kept.update(bytes, 0, 2 << 20);
    assertArrayEquals(kept.hashSoFar(), answer.hash());
    send(new CopyMessage.Start(2 << 20));
    content(java.util.Arrays.copyOfRange(bytes, 2 << 20, bytes.length));
    send(end(bytes));
    assertEquals(0, next(Result.class).code());
    assertArrayEquals(bytes, Files.readAllBytes(target.resolve("big")));
    try (Stream<Path> left = Files.list(target)) {
      assertEquals(1, left.count());
    }
  }

  /** What is kept may be longer than the file: only a start cuts it off. */
  @Test
  void contentAfterAnAnswerNeedsItsStart() throws Exception {
    byte[] bytes = new byte[2 << 20];
    Files.write(target.resolve(PartName.of("name")), java.util.Arrays.copyOf(bytes, 3 << 20));
    for (CopyMessage first : List.of(new CopyMessage.Piece(new byte[0], 0), end(bytes))) {
      hello("");
      send(file(1, "name", bytes.length, true));
      assertEquals(bytes.length, next(Answer.class).kept());
      send(first);
      assertRefused("content without its start");
      assertTrue(Files.notExists(target.resolve("name")));
      begin(false);
    }
    hello("");
    send(file(1, "name", bytes.length, true));
    next(Answer.class);
    send(new CopyMessage.Start(bytes.length));
    send(end(bytes));
    assertEquals(0, next(Result.class).code());
    assertArrayEquals(bytes, Files.readAllBytes(target.resolve("name")));
  }

  @Test
  void aStartComesOnceAndAfterAnAnswer() throws Exception {
    hello("");
    send(file(1, "asked", 3, true));
    next(Answer.class);
    send(new CopyMessage.Start(0));
    send(new CopyMessage.Start(0));
    assertRefused("a start of what has started");
    begin(false);
    hello("");
    send(file(1, "unasked", 3, false));
    send(new CopyMessage.Start(0));
    assertRefused("a start of what has started");
  }

  @Test
  void twoSendersOfOneFileDoNotMixIt() throws Exception {
    byte[] bytes = new byte[1_100_000];
    hello("");
    send(file(1, "same", bytes.length, true));
    next(Answer.class);
    Connection first = sender;
    try (MessageSocket other = socket()) {
      sender = other.connect(server.localAddress());
      Connection accepted = server.accept(LONG);
      assertNotNull(accepted);
      FileReceiver second =
          new FileReceiver(accepted, target, new FileReceiver.Settings(true), new SilentJournal());
      Thread thread =
          new Thread(
              () -> {
                try {
                  second.run();
                } catch (IOException gone) {
                  return;
                }
              });
      thread.setDaemon(true);
      thread.start();
      hello("");
      send(file(1, "same", bytes.length, true));
      assertEquals(75, next(Answer.class).code());
      assertTrue(first.isOpen());
    }
  }

  /** Killed, it has closed nothing: its connection lives on until the idle timeout. */
  @Test
  void aSenderThatComesAgainGoesOnWhereItVanished() throws Exception {
    Security ann = Security.identity(Identity.generate());
    byte[] bytes = new byte[1_500_000];
    TestRelay way = TestRelay.seeded(1, LinkConditions.NONE);
    try (MessageSocket killed = socket(ann);
        MessageSocket again = socket(ann)) {
      begin(killed.connect(way.inFrontOf(server.localAddress())), false);
      hello("");
      send(file(1, "same", bytes.length, true));
      next(Answer.class);
      send(new CopyMessage.Start(0));
      content(bytes);
      while (Files.size(target.resolve(PartName.of("same"))) < bytes.length) {
        Thread.onSpinWait();
      }
      way.close();
      CompletableFuture<Boolean> before = end;
      begin(again, false);
      hello("");
      send(file(1, "same", bytes.length, true));
      Answer answer = next(Answer.class);
      assertEquals(0, answer.code());
      assertEquals(1 << 20, answer.kept());
      assertThrows(ExecutionException.class, () -> before.get(20, TimeUnit.SECONDS));
      killed.close(Duration.ZERO);
    }
  }

  @Test
  void aSenderThatIsThereKeepsItsFileThoughItComesTwice() throws Exception {
    Security ann = Security.identity(Identity.generate());
    try (MessageSocket one = socket(ann);
        MessageSocket other = socket(ann)) {
      begin(one, false);
      hello("");
      send(file(1, "same", 1_500_000, true));
      next(Answer.class);
      Connection first = sender;
      begin(other, false);
      hello("");
      send(file(1, "same", 1_500_000, true));
      assertEquals(75, next(Answer.class).code());
      assertTrue(first.isOpen());
    }
  }

  @Test
  void theSecondOfTwoFilesOfOneNameIsRefusedAndTheFirstStaysAsItWas() throws Exception {
    int pairs = 60;
    hello("");
    for (int pair = 0; pair < pairs; pair++) {
      sendUnasked(2 * pair, "name" + pair, "the first");
      sendUnasked(2 * pair + 1, "name" + pair, "the second one");
    }
    Map<Integer, Result> results = new TreeMap<>();
    while (results.size() < 2 * pairs) {
      Result result = next(Result.class);
      results.put(result.id(), result);
    }
    for (int pair = 0; pair < pairs; pair++) {
      assertEquals(0, results.get(2 * pair).code(), results.get(2 * pair)::reason);
      assertEquals(73, results.get(2 * pair + 1).code(), results.get(2 * pair + 1)::reason);
      assertEquals("the first", Files.readString(target.resolve("name" + pair)));
    }
  }

  @Test
  void messagesOutOfTheirTurnEndTheConversation() throws Exception {
    hello("");
    send(new CopyMessage.Start(0));
    assertRefused("without a file");
  }
}
