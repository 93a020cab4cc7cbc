package io.posthorn.cli.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.posthorn.cli.files.CopyMessage.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One file on its way in. */
class IncomingFileTest {
  @TempDir Path folder;
  private Path place;
  private Path part;

  @BeforeEach
  void name() {
    place = folder.resolve("name");
    part = folder.resolve(PartName.of("name"));
  }

  private static File file(long size, int mode) {
    return new File(1, "name", mode, 1_000_000_000, 0, size, size, false, new byte[0]);
  }

  private IncomingFile open(long size, boolean overwrite) throws Refused {
    return IncomingFile.open(file(size, 0644), place, overwrite);
  }

  private static void write(IncomingFile incoming, String text) throws Refused {
    incoming.start(0);
    incoming.write(text.getBytes(UTF_8), 0);
  }

  @Test
  void aPartThatHasItsNameAlreadyIsNotWrittenAnyMore() throws Exception {
    Files.writeString(place, "whole and verified");
    Files.createLink(part, place); // its receiver was killed before it took this name away
    IncomingFile next = open(3, true);
    write(next, "new");
    assertEquals("whole and verified", Files.readString(place));
    next.giveUp();
    assertEquals("whole and verified", Files.readString(place));
    assertTrue(Files.notExists(part));
  }

  @Test
  void nobodyElseMayReadAFileBeforeItsOwnPermissionsAreSet() throws Exception {
    IncomingFile incoming = open(3, false);
    assertEquals("rw-------", permissions(part));
    write(incoming, "new");
    incoming.finish();
    assertEquals("rw-r--r--", permissions(place));
  }

  @Test
  void aPartThatIsKeptIsTheOwnersToReadAndWriteAgain() throws Exception {
    Files.writeString(part, "kept");
    for (String left : new String[] {"rw-r--r--", "r--r--r--"}) {
      Files.setPosixFilePermissions(part, PosixFilePermissions.fromString(left));
      IncomingFile incoming = open(3, false);
      assertEquals("rw-------", permissions(part));
      incoming.giveUp();
      Files.writeString(part, "kept");
    }
  }

  @Test
  void aPartThatIsAnotherFilesNameIsGivenUpAndThatFileStaysAsItIs() throws Exception {
    Path other = Files.writeString(folder.resolve("other"), "not to be touched");
    Files.setPosixFilePermissions(other, PosixFilePermissions.fromString("rw-r--r--"));
    Files.createLink(part, other);
    IncomingFile incoming = open(3, false);
    write(incoming, "new");
    incoming.finish();
    assertEquals("not to be touched", Files.readString(other));
    assertEquals("rw-r--r--", permissions(other));
    assertEquals("new", Files.readString(place));
  }

  /** Who laid it there holds it open, and would read what comes. */
  @Test
  void aPartOfAnotherUserIsNotFilled() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "only root may give files away");
    Files.writeString(part, "hers");
    Files.setPosixFilePermissions(part, PosixFilePermissions.fromString("rw-rw-rw-"));
    Files.setAttribute(part, "unix:uid", 65_534);
    assertEquals(73, assertThrows(Refused.class, () -> open(3, false)).code());
    assertEquals("rw-rw-rw-", permissions(part));
    assertEquals("hers", Files.readString(part));
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(1, left.count());
    }
  }

  @Test
  void aPartThatIsNoFileIsRefused() throws Exception {
    Files.createDirectory(part);
    assertEquals(73, assertThrows(Refused.class, () -> open(3, false)).code());
    assertTrue(Files.isDirectory(part));
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void aPartIsHeldUntilItHasItsNameOrIsGivenUp() throws Exception {
    Files.writeString(place, "another");
    IncomingFile first = open(3, false);
    write(first, "new");
    assertEquals(75, assertThrows(Refused.class, () -> open(3, false)).code());
    assertEquals(73, assertThrows(Refused.class, first::finish).code());
    assertEquals(75, assertThrows(Refused.class, () -> open(3, false)).code());
    first.giveUp();
    IncomingFile second = open(4, true);
    write(second, "more");
    first.giveUp(); // again, which must not take away what is the second's by now
    second.finish();
    assertEquals("more", Files.readString(place));
    open(4, true).giveUp();
  }
}
