package io.posthorn.cli.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.Connection;
import io.posthorn.MessageSocket;
import io.posthorn.Security;
import io.posthorn.cli.files.CopyMessage.Answer;
import io.posthorn.cli.files.CopyMessage.Result;
import io.posthorn.identity.Identity;
import io.posthorn.simulation.LinkConditions;
import io.posthorn.testkit.TestRelay;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A receiver and a sender that says what it likes. */
@Timeout(90)
class FileReceiverTest extends HandSender {
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
