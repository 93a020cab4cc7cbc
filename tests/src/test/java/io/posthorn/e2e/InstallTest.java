package io.posthorn.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code cli/install.sh}. */
@Timeout(180)
class InstallTest {
  private static final Path ROOT = Path.of(System.getProperty("posthorn.root"));

  @Test
  void theCommandStartsFromTheArchiveAndHasItsPages(@TempDir Path prefix) throws Exception {
    try (RunningProgram install =
        RunningProgram.other(
            "env",
            "JAVA_HOME=" + System.getProperty("java.home"),
            "sh",
            ROOT.resolve("cli/install.sh").toString(),
            prefix.resolve("a b").toString())) {
      assertEquals(0, install.exitWithin(150), install::errors);
    }
    Path installed = prefix.resolve("a b");
    assertTrue(Files.size(installed.resolve("lib/posthorn/posthorn.jsa")) > 1_000_000);
    try (Stream<Path> pages = Files.list(installed.resolve("share/man/man1"))) {
      assertEquals(14, pages.count());
    }
    assertTrue(
        Files.readString(installed.resolve("share/man/man1/posthorn-ping.1"))
            .startsWith(".TH POSTHORN-PING 1"));
    String command = installed.resolve("bin/posthorn").toString();
    try (RunningProgram version = RunningProgram.other(command, "--version");
        RunningProgram wrong = RunningProgram.other(command, "send", "a b", "x")) {
      assertEquals(0, version.exit(), version::errors);
      assertTrue(version.output().startsWith("posthorn "), version.output());
      assertEquals("", version.errors());
      assertEquals(64, wrong.exit());
    }
  }
}
