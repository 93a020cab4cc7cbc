package io.posthorn.cli.files;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

/** FAULTS 62: the receiver chooses which names it takes. */
class RelativeNameTest {
  @Test
  void ordinaryNamesOfAllScriptsAreTaken() {
    for (String name :
        new String[] {
          "a",
          "a/b/c.txt",
          ".profile",
          "...",
          "a b",
          "ü/日本語",
          "ab:c",
          "console",
          "con1.txt",
          "nullable",
          "b".repeat(255),
          "what?*",
          "-rf",
          "~"
        }) {
      assertNull(RelativeName.refusal(name), name);
    }
  }

  @Test
  void namesThatLeadElsewhereOrMeanSomethingElseAreNot() {
    for (String name :
        new String[] {
          "",
          ".",
          "..",
          "../x",
          "a/../b",
          "a/..",
          "a/./b",
          "/etc/passwd",
          "//x",
          "a//b",
          "a/",
          "C:\\x",
          "C:x",
          "\\\\server\\share",
          "a\\..\\b",
          "a\0b",
          "a\nb",
          "\u001b[2J",
          "CON",
          "con.txt",
          "a/NUL",
          "Lpt1.tar.gz",
          "aux ",
          "x".repeat(256),
          "ü".repeat(128),
          "a/".repeat(100) + "a",
          "a/".repeat(3_000) + "a",
          PartName.of("x")
        }) {
      assertNotNull(RelativeName.refusal(name), name);
    }
  }
}
