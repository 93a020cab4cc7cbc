package io.posthorn.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Files of keys where the file system gives no second names, or whoever runs this may not. */
class GuardedFileTest extends IdentityFolder {
  /** Each as some system says it. */
  private static final List<GuardedFile.Linker> REFUSING =
      List.of(
          (name, of) -> {
            throw new FileSystemException(
                name.toString(), of.toString(), "Operation not permitted");
          },
          (name, of) -> {
            throw new AccessDeniedException(name.toString());
          },
          (name, of) -> {
            throw new UnsupportedOperationException();
          });

  private List<Path> files() throws IOException {
    try (var files = Files.list(file.getParent())) {
      return files.toList();
    }
  }

  @Test
  void withoutSecondNamesAFileIsMadeAllTheSame() throws IOException {
    for (GuardedFile.Linker refusing : REFUSING) {
      GuardedFile.create(file, "text", refusing);
      assertEquals("text", Files.readString(file));
      assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
      assertEquals(List.of(file), files(), "nothing is left beside it");
      Files.delete(file);
    }
  }

  /** Made by somebody else between the look whether there is one and the making. */
  @Test
  void withoutSecondNamesAFileOfAnotherStays() throws IOException {
    for (GuardedFile.Linker refusing : REFUSING) {
      assertThrows(
          FileAlreadyExistsException.class,
          () ->
              GuardedFile.create(
                  file,
                  "text",
                  (name, of) -> {
                    Files.writeString(file, "another's");
                    refusing.link(name, of);
                  }));
      assertEquals("another's", Files.readString(file));
      assertEquals(List.of(file), files());
      Files.delete(file);
    }
  }

  /** A link to itself leads nowhere, whoever runs this; a folder without rights only some. */
  @Test
  void whatLiesBehindAFolderThatCannotBeEnteredIsNotTakenForAbsent() throws IOException {
    Path loop = folder.resolve("loop");
    Files.createSymbolicLink(loop, loop);
    for (String name : List.of("known_hosts", "deeper/known_hosts")) {
      hosts = new KnownHosts(loop.resolve(name));
      assertTrue(refusal(ONE).contains("cannot read " + hosts.file()));
      assertThrows(IdentityFileException.class, () -> GuardedFile.readSecret(loop.resolve(name)));
    }
  }

  @Test
  void nothingLiesBehindAFile() throws IOException {
    Path noFolder = Files.createFile(folder.resolve("file"));
    for (String name : List.of("known_hosts", "deeper/known_hosts")) {
      hosts = new KnownHosts(noFolder.resolve(name));
      assertUnknown(ONE);
    }
  }

  /** A full disk takes as many bytes as there is room for, and then no more. */
  @Test
  void whatAFullDiskLeavesOfALineSpoilsNothing() throws IOException {
    String line = "10.0.0.8:9000 " + TWO.line();
    for (String end : List.of("\n", "")) {
      for (int room = 0; room <= line.length(); room++) {
        write(file, "10.0.0.7:9000 " + ONE.line() + end);
        addWithRoomFor(room, line, "");
        assertKnown(ONE);
        assertEquals(1, hosts.entries().size(), "with room for " + room);
        hosts.add("10.0.0.8:9000", TWO);
        assertEquals(2, hosts.entries().size(), "with room for " + room);
      }
    }
  }

  @Test
  void whatOthersAddStaysThoughTheDiskIsFull() throws IOException {
    write(file, "");
    addWithRoomFor(20, "10.0.0.8:9000 " + TWO.line(), "10.0.0.7:9000 " + ONE.line() + "\n");
    assertKnown(ONE);
    write(file, "# posthorn-x25519");
    addWithRoomFor(0, "# posthorn-x25519 and more", "");
    assertEquals("# posthorn-x25519", Files.readString(file));
  }

  private void addWithRoomFor(int bytes, String line, String meanwhile) {
    GuardedFile.Appender full =
        (to, all) -> {
          Files.writeString(to, meanwhile, StandardOpenOption.APPEND);
          Files.write(to, Arrays.copyOf(all, bytes), StandardOpenOption.APPEND);
          throw new IOException("No space left on device");
        };
    IOException told = assertThrows(IOException.class, () -> GuardedFile.append(file, line, full));
    assertEquals("No space left on device", told.getMessage());
  }
}
