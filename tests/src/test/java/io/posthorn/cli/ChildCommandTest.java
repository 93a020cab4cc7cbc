package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.posthorn.cli.exec.ChildCommand;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How the words of {@code --exec} are told apart. */
class ChildCommandTest {
  @Test
  void spacesSeparateAndQuotesKeep() {
    assertEquals(List.of("cat"), ChildCommand.of(" cat ").words());
    assertEquals(
        List.of("a b", "", "c'd", "e\"f", "g h", "\\"),
        ChildCommand.of("'a b' '' \"c'd\" \"e\\\"f\" g\\ h \\\\").words());
    assertEquals(List.of("/bin/sh", "-c", " x | y"), ChildCommand.ofShell(" x | y").words());
  }

  @Test
  void nothingAndOpenQuotesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> ChildCommand.of("  "));
    assertThrows(IllegalArgumentException.class, () -> ChildCommand.of("sh -c 'x"));
  }
}
