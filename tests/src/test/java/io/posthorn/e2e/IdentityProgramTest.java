package io.posthorn.e2e;

import static io.posthorn.e2e.RunningProgram.hereAt;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two people with homes of their own, and the real jar. */
@Timeout(180)
class IdentityProgramTest {
  @TempDir private Path folder;

  /** Runs a command of one of them; answers what it printed. */
  private String run(String who, int exit, String... arguments) throws Exception {
    try (RunningProgram program = hereAt(folder.resolve(who), arguments)) {
      assertEquals(exit, program.endInput().exit(), program.errors());
      assertFalse(program.errors().contains("\tat "), program.errors());
      return program.output() + program.errors();
    }
  }

  @Test
  void aListenerThatKnowsItsClientsTakesThemAndNobodyElse() throws Exception {
    Path line = Files.writeString(folder.resolve("line"), run("ann", 0, "keys", "show"));
    run("bob", 0, "keys", "import", line.toString());
    try (RunningProgram listener =
        hereAt(folder.resolve("bob"), "listen", "--authorized", "127.0.0.1:0")) {
      String at = "127.0.0.1:" + listener.port();
      String told = run("ann", 0, "send", at, "it is me");
      listener.awaitOutput("it is me");
      assertTrue(told.contains("first contact with " + at), told);
      assertTrue(told.contains(run("bob", 0, "keys", "fingerprint").strip()), told);
      String refused = run("eve", 77, "send", at, "let me in");
      assertTrue(refused.contains("does not know this side"), refused);
      assertFalse(listener.output().contains("let me in"));
    }
  }

  @Test
  void aListenerRefusesARevokedKeyInEveryForm() throws Exception {
    String key = run("ann", 0, "keys", "show").strip();
    Path line = Files.writeString(folder.resolve("line"), key + "\n");
    Files.setPosixFilePermissions(line, PosixFilePermissions.fromString("rw-r--r--"));
    String[][] forms = {
      {"listen", "127.0.0.1:0"},
      {"listen", "--authorized-keys", line.toString(), "127.0.0.1:0"},
      {"listen", "--authorized", "127.0.0.1:0"},
    };
    run("bob", 0, "keys", "import", line.toString());
    for (int i = 0; i < forms.length; i++) {
      try (RunningProgram listener = hereAt(folder.resolve("bob"), forms[i])) {
        String at = "127.0.0.1:" + listener.port();
        if (i == 0) {
          run("ann", 0, "send", "--insecure", at, "before");
          listener.awaitOutput("before");
          run("bob", 0, "keys", "revoke", key); // while it listens
          run("bob", 77, "keys", "import", line.toString()); // by mistake: revoked is revoked
        }
        String refused = run("ann", 77, "send", "--insecure", at, "let me in");
        assertTrue(refused.contains("does not know this side"), refused);
        run("eve", i == 0 ? 0 : 77, "send", at, "somebody else");
        assertFalse(listener.output().contains("let me in"));
      }
    }
  }

  @Test
  void fault59_aPeerWithANewKeyIsRefusedUntilItIsTrusted() throws Exception {
    String at;
    try (RunningProgram listener = hereAt(folder.resolve("bob"), "listen", "127.0.0.1:0")) {
      at = "127.0.0.1:" + listener.port();
      run("ann", 0, "send", at, "hello");
    }
    try (RunningProgram impostor = hereAt(folder.resolve("eve"), "listen", at)) {
      assertEquals(at, "127.0.0.1:" + impostor.port());
      String refused = run("ann", 77, "send", at, "hello");
      assertTrue(refused.contains(folder.resolve("ann/known_hosts") + " line 1"), refused);
      String key = run("eve", 0, "keys", "show").strip();
      run("ann", 0, "keys", "trust", at, key);
      run("ann", 0, "send", "--strict", at, "hello");
      run("ann", 0, "keys", "revoke", key);
      assertTrue(run("ann", 77, "send", at, "hello").contains("is revoked"));
    }
  }
}
