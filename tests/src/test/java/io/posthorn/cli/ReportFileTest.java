package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Where a report is written to. */
class ReportFileTest {
  @TempDir private Path folder = Path.of("");

  private static void write(Path file, String text) throws IOException, Failure {
    try (ReportFile report = ReportFile.create(file)) {
      report.write(() -> text);
    }
  }

  @Test
  void aFileIsReplacedWhenTheNewOneIsWhole() throws Exception {
    Path file = Files.writeString(folder.resolve("report"), "old");
    try (ReportFile report = ReportFile.create(file)) {
      assertEquals("old", Files.readString(file));
      report.write(() -> "new");
    }
    assertEquals("new", Files.readString(file));
    try (var all = Files.list(folder)) {
      assertEquals(1, all.count());
    }
  }

  @Test
  void aLinkGoesOnToNameTheFile() throws Exception {
    Path file = Files.writeString(folder.resolve("report-7"), "old");
    Path link = Files.createSymbolicLink(folder.resolve("latest"), file.getFileName());
    write(link, "new");
    assertTrue(Files.isSymbolicLink(link));
    assertEquals("new", Files.readString(file));
  }

  /** As for {@code listen -o} and all others that open their file. */
  @Test
  void aLinkToAFileThatIsNotThereMakesIt() throws Exception {
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Path file = elsewhere.resolve("report-7");
    Path second = Files.createSymbolicLink(elsewhere.resolve("newest"), file.getFileName());
    Path link = Files.createSymbolicLink(folder.resolve("latest"), Path.of("elsewhere/newest"));
    try (ReportFile report = ReportFile.create(link)) {
      assertFalse(Files.exists(file), "not before it is whole");
      report.write(() -> "new");
    }
    assertEquals("new", Files.readString(file));
    assertTrue(Files.isSymbolicLink(link));
    assertTrue(Files.isSymbolicLink(second));
    Path lost = Files.createSymbolicLink(folder.resolve("lost"), Path.of("absent/report"));
    assertRefused(
        ExitCode.CANNOT_CREATE,
        "cannot create " + lost + ": the folder does not exist",
        () -> ReportFile.create(lost));
    Path circle = Files.createSymbolicLink(folder.resolve("circle"), Path.of("circle"));
    assertRefused(
        ExitCode.CANNOT_CREATE, "cannot create " + circle + ": ", () -> ReportFile.create(circle));
  }

  @Test
  void aLinkThatSomebodyLaidBesideItIsNotFollowed() throws Exception {
    Path other = Files.writeString(folder.resolve("other"), "not to be touched");
    Path laid = Files.createSymbolicLink(folder.resolve(".report.new"), other.getFileName());
    write(folder.resolve("report"), "new");
    assertEquals("new", Files.readString(folder.resolve("report")));
    assertTrue(Files.isRegularFile(folder.resolve("report"), LinkOption.NOFOLLOW_LINKS));
    assertEquals("not to be touched", Files.readString(other));
    assertTrue(Files.isSymbolicLink(laid));
  }

  @Test
  void aFileKeepsItsPermissionsAndANewOneGetsTheUsual() throws Exception {
    Path usual = Files.createFile(folder.resolve("usual"));
    Path file = Files.writeString(folder.resolve("report"), "old");
    for (String permissions : new String[] {"rw-------", "r--rw-rw-"}) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
      write(file, "new");
      assertEquals(permissions, PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }
    Path made = folder.resolve("made");
    write(made, "new");
    assertEquals(Files.getPosixFilePermissions(usual), Files.getPosixFilePermissions(made));
  }

  private static void assertRefused(ExitCode code, String what, Executable action) {
    Failure told = assertThrows(Failure.class, action);
    assertEquals(code, told.code());
    assertTrue(told.text().startsWith(what), told.text());
    assertFalse(told.text().contains(".posthorn-"), told.text());
  }

  /** Nobody knows the name under which it is written before it is whole. */
  @Test
  void itIsCalledByTheNameThatWasAskedForWhereItCannotBeWritten() throws Exception {
    Path lost = folder.resolve("absent/report");
    assertRefused(
        ExitCode.CANNOT_CREATE,
        "cannot create " + lost + ": the folder does not exist",
        () -> ReportFile.create(lost));
    Path below = Files.createFile(folder.resolve("file")).resolve("report");
    assertRefused(
        ExitCode.CANNOT_CREATE, "cannot create " + below + ": ", () -> ReportFile.create(below));
    Path endless = folder.resolve("a".repeat(300));
    assertRefused(
        ExitCode.CANNOT_CREATE,
        "cannot create " + endless + ": ",
        () -> ReportFile.create(endless));
    Path report = Files.createDirectory(folder.resolve("gone")).resolve("report");
    try (ReportFile file = ReportFile.create(report);
        var all = Files.list(report.getParent())) {
      for (Path beside : all.toList()) {
        Files.delete(beside);
      }
      Files.delete(report.getParent());
      assertRefused(
          ExitCode.CANNOT_CREATE, "cannot create " + report + ": ", () -> file.write(() -> "new"));
    }
    Path full = Path.of("/dev/full");
    try (ReportFile file = ReportFile.create(full)) {
      assertRefused(ExitCode.IO, "cannot write " + full + ": ", () -> file.write(() -> "new"));
    }
  }

  /** Whoever may, as root, would else put a file in the place of /dev/null. */
  @Test
  void aPipeAndADeviceAreWrittenTo() throws Exception {
    Path pipe = folder.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    CompletableFuture<String> read =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return Files.readString(pipe);
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
    write(pipe, "whole");
    assertEquals("whole", read.get());
    assertFalse(Files.isRegularFile(pipe));
    try (ReportFile nothing = ReportFile.create(Path.of("/dev/null"))) {
      assertFalse(Files.exists(Path.of("/dev/.null.new")));
      nothing.write(() -> "nobody reads it");
    }
    assertFalse(Files.isRegularFile(Path.of("/dev/null")));
  }
}
