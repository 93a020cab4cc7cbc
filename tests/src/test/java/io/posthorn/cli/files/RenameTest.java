package io.posthorn.cli.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** New names that replace nothing. */
class RenameTest {
  @TempDir Path folder;

  @Test
  void aNameThatIsTakenIsNotReplaced() throws Exception {
    Path from = Files.writeString(folder.resolve("from"), "new");
    Path to = Files.writeString(folder.resolve("größe"), "old");
    assertThrows(FileAlreadyExistsException.class, () -> Rename.noReplace(from, to));
    assertEquals("old", Files.readString(to));
    Files.delete(to);
    Rename.noReplace(from, to);
    assertEquals("new", Files.readString(to));
    assertTrue(Files.notExists(from));
  }

  @Test
  void norWhereTheFileSystemHasNoSecondNames() throws Exception {
    Path from = Files.writeString(folder.resolve("from"), "new");
    Path free = folder.resolve("größe 100%");
    assumeTrue(Rename.atOnce(from, free), "no renameat2 here");
    assertEquals("new", Files.readString(free));
    Path to = Files.writeString(folder.resolve("to"), "old");
    assertThrows(FileAlreadyExistsException.class, () -> Rename.atOnce(free, to));
    assertEquals("old", Files.readString(to));
    assertEquals("new", Files.readString(free));
  }
}
