package io.posthorn.cli.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.cli.files.CopyMessage.Answer;
import io.posthorn.cli.files.CopyMessage.End;
import io.posthorn.cli.files.CopyMessage.Folder;
import io.posthorn.cli.files.CopyMessage.Hello;
import io.posthorn.cli.files.CopyMessage.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A receiver and a sender that means ill: names, links and sizes. */
@Timeout(90)
class HostileSenderTest extends HandSender {
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
}
