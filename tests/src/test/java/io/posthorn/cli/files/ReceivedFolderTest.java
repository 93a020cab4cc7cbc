package io.posthorn.cli.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.posthorn.Connection;
import io.posthorn.MessageSocket;
import io.posthorn.cli.files.CopyMessage.Folder;
import io.posthorn.cli.files.CopyMessage.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Folders that a receiver makes: their permissions and times, at the end and before. */
@Timeout(90)
class ReceivedFolderTest extends HandSender {
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

  private String permissions(String name) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(target.resolve(name)));
  }
}
