package io.posthorn.cli.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names from the network become places. */
class TargetFolderTest {
  @TempDir Path root;

  @Test
  void aNameThatTheSystemCannotSpellIsRefused() throws Exception {
    TargetFolder target = new TargetFolder(root);
    for (String name : new String[] {"half \ud800", "half \ud800/x"}) {
      assertEquals(73, assertThrows(Refused.class, () -> target.place(name)).code());
    }
  }

  @Test
  void aNameOfAnyScriptIsSpelledInUtf8WhateverTheLocale() throws Exception {
    String name = "größe 大小 100% \ud83d\udcef";
    Path file = Utf8Name.byItsBytes(root, name);
    Files.writeString(file, "x", UTF_8);
    assertEquals(root.resolve(name), file);
    assertEquals(name, Utf8Name.fromItsBytes(file));
    assertEquals(name, Utf8Name.of(file));
  }

  /** The system's own folders have room for nothing. */
  @Test
  void whatIsFreeIsAskedWhereTheFileIsToStand() throws Exception {
    Path full = Path.of("/proc");
    assumeTrue(Files.isDirectory(full), "no such file system here");
    assertEquals(0, TargetFolder.freeBytes(full.resolve("x")));
    assertTrue(TargetFolder.freeBytes(root.resolve("x")) > 0);
  }
}
