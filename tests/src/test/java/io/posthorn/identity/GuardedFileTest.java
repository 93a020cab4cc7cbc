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
import java.nio.file.attribute.PosixFilePermissions;
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
}
