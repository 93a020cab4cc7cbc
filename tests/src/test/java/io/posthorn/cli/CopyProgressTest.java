package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The line of progress on terminals of all widths. */
class CopyProgressTest {
  private static String line(int columns) {
    return CopyProgress.layOut(
        columns, 0.456, "1.2 GB", "12.3 MB/s  0:45 left", 3, 10, "folder/na\u001b[2Jme");
  }

  @Test
  void aWideTerminalShowsAll() {
    assertEquals(
        "[#########-----------]  45 %  12.3 MB/s  0:45 left  1.2 GB  3 of 10  folder/na\\x1b[2Jme",
        line(120));
  }

  @Test
  void noTerminalIsFilledToItsLastColumn() {
    for (int columns = 10; columns < 130; columns++) {
      String line = line(columns);
      assertTrue(line.length() < columns, columns + ": " + line);
      assertFalse(line.contains("\u001b"));
    }
    assertEquals(" 45 %  12.3 MB/s  0", line(20));
  }

  @Test
  void whatTakesTwoColumnsIsCountedAsTwoAndNeverCut() {
    String name = "\u5927\u5c0f"; // four columns
    String line = CopyProgress.layOut(14, -1, "", "12345678", 0, 1, name);
    assertEquals("12345678", line);
    assertEquals("12345678  " + name, CopyProgress.layOut(15, -1, "", "12345678", 0, 1, name));
    assertEquals("ab", TextColumns.fitted("ab\ud83d\udcef", 3));
    assertEquals("ab\ud83d\udcef", TextColumns.fitted("ab\ud83d\udcef", 4));
    assertEquals(2, TextColumns.of("u\u0308\u00df"));
  }

  @Test
  void withoutATotalThereIsNoShare() {
    assertEquals(
        "stalled 7 s: no answer  5 B  stdin",
        CopyProgress.layOut(80, -1, "5 B", "stalled 7 s: no answer", 0, 1, "stdin"));
  }

  @Test
  void bytesAreReadable() {
    assertEquals("999 B", Quantity.bytes(999));
    assertEquals("1.0 kB", Quantity.bytes(1_000));
    assertEquals("1.0 MB", Quantity.bytes(999_960));
    assertEquals("12.3 GB", Quantity.bytes(12_345_678_901.0));
    assertEquals("5000.0 TB", Quantity.bytes(5e15));
  }

  private final CopyProgress progress =
      new CopyProgress(
          new Output(
              new InProcess().streams(),
              new Posthorn.Everywhere(
                  false, false, true, 0, Output.ColorWhen.NEVER, EndpointAddress.Family.ANY),
              true),
          null,
          200);

  private String inAMinute() {
    return progress.line(System.nanoTime() + TimeUnit.MINUTES.toNanos(1));
  }

  @Test
  void nothingIsStalledOfWhichNothingIsAsked() {
    progress.total(3, 1_000_000);
    assertFalse(inAMinute().contains("stalled"), inAMinute());
    progress.hashes(true);
    assertTrue(inAMinute().contains("hashing"), inAMinute());
    progress.hashes(false);
    progress.failed("refused", "no");
    progress.hears(1, true);
    progress.hears(2, false);
    assertFalse(inAMinute().contains("stalled"), inAMinute());
    assertFalse(inAMinute().contains("hashing"), inAMinute());
  }

  @Test
  void whatTheReceiverDoesNotTakeOrAnswerIsStalled() {
    progress.total(3, 1_000_000);
    progress.waits(true);
    assertTrue(inAMinute().contains("no answer"), inAMinute());
    progress.waits(false);
    assertFalse(inAMinute().contains("stalled"), inAMinute());
    progress.hears(1, true);
    assertTrue(inAMinute().contains("no answer"), inAMinute());
  }
}
