package io.posthorn.cli.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the doctor says of a machine that is made for the test. */
class MachineChecksTest {
  @TempDir Path folder;

  private List<Finding> run() {
    return new MachineChecks(
            folder,
            Map.of("XDG_RUNTIME_DIR", folder.resolve("run").toString()),
            folder.resolve("home"))
        .run();
  }

  private Path write(String name, String mode, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.setPosixFilePermissions(file.getParent(), PosixFilePermissions.fromString("rwx------"));
    Files.writeString(file, text);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  private static Finding only(List<Finding> findings, String subject, String words) {
    List<Finding> found =
        findings.stream()
            .filter(one -> one.subject().equals(subject) && one.what().contains(words))
            .toList();
    assertEquals(1, found.size(), findings::toString);
    return found.get(0);
  }

  @Test
  void aKeyThatOthersMayReadOrChangeIsBadWithItsRemedy() throws IOException {
    Path key = write("home/identity.key", "rw-r--r--", "x");
    Path known = write("home/known_hosts", "rw-rw-r--", "x");
    write("home/authorized_keys", "rw-r--r--", "x");
    List<Finding> findings = run();
    Finding readable = only(findings, "key files", "may read");
    assertEquals(Finding.Weight.BAD, readable.weight());
    assertEquals("chmod 600 " + key, readable.remedy());
    assertEquals("chmod go-w " + known, only(findings, "key files", "may change").remedy());
    assertEquals(2, findings.stream().filter(one -> one.subject().equals("key files")).count());
  }

  @Test
  void keysOfTheirOwnerAloneAreGood() throws IOException {
    write("home/identity.key", "rw-------", "x");
    assertEquals(Finding.Weight.GOOD, only(run(), "key files", "nobody else").weight());
  }

  @Test
  void withoutAHomeNoKeyCanBeKept() {
    List<Finding> findings = new MachineChecks(folder, Map.of(), null).run();
    assertEquals(
        "set POSTHORN_HOME to a folder", only(findings, "key files", "no home folder").remedy());
  }

  @Test
  void smallBuffersNameTheSettingAndSlowClocksTheirSource() throws IOException {
    write("proc/sys/net/core/rmem_max", "rw-r--r--", "212992\n");
    write("proc/sys/net/core/wmem_max", "rw-r--r--", "212992\n");
    write("sys/devices/system/clocksource/clocksource0/current_clocksource", "rw-r--r--", "hpet\n");
    write("proc/self/limits", "rw-r--r--", "Max open files            256         4096  files\n");
    Path run = Files.createDirectories(folder.resolve("run/posthorn"));
    Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwxrwxrwx"));
    List<Finding> findings = run();
    for (Finding finding : findings) {
      if (finding.subject().endsWith("buffer") && finding.weight() == Finding.Weight.BAD) {
        assertTrue(finding.remedy().contains("sysctl -w net.core."), finding.toString());
      }
    }
    assertEquals(Finding.Weight.NOTE, only(findings, "clock", "hpet").weight());
    assertEquals("raise it: ulimit -n 4096", only(findings, "open files", "256").remedy());
    assertEquals(Finding.Weight.BAD, only(findings, "control sockets", "chmod 700").weight());
    only(findings, "receive buffer", "wanted");
    only(findings, "fast path", "");
  }
}
