package io.posthorn.cli.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.cli.files.CopyMessage.Folder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders that get their times at the end of a conversation, as many as there is room for. */
class UnfinishedFoldersTest {
  private static final long LONG_AGO = 1_000_000_000;

  @TempDir Path target;
  private final List<String> refused = new ArrayList<>();

  private final FileReceiver.Journal journal =
      new FileReceiver.Journal() {
        @Override
        public void stored(String name, long bytes) {}

        @Override
        public void refused(String name, String reason) {
          refused.add(name);
        }
      };

  /** How many of so many folders with names of so many characters are finished. */
  private int finished(int count, int nameLength, long mostBytes) throws IOException {
    Path below = Files.createDirectory(target.resolve(count + "-" + nameLength));
    List<Path> places = new ArrayList<>();
    try (UnfinishedFolders folders = new UnfinishedFolders(mostBytes)) {
      for (int i = 0; i < count; i++) {
        String name = "n".repeat(nameLength - 3) + (100 + i);
        Path place = Files.createDirectory(below.resolve(name));
        places.add(place);
        folders.add(place, new Folder(i, name, 0755, LONG_AGO, 0), true, false, journal);
      }
      folders.finish(journal);
    }
    int finished = 0;
    for (Path place : places) {
      finished += Files.getLastModifiedTime(place).toMillis() == LONG_AGO * 1_000 ? 1 : 0;
      try (var left = Files.list(place)) {
        assertEquals(0, left.count(), "no mark stays");
      }
    }
    return finished;
  }

  @Test
  void thoseBeyondTheBoundAreToldOfOnce() throws IOException {
    assertEquals(20, finished(20, 3, 1 << 20));
    assertEquals(List.of(), refused);
    long forTen = 10L * (256 + 3 + target.resolve("30-3").resolve("000").toString().length());
    assertEquals(10, finished(30, 3, forTen));
    assertEquals(List.of("110"), refused);
  }

  @Test
  void longNamesTakeMoreOfIt() throws IOException {
    int few = finished(30, 200, 10_000);
    assertTrue(few < finished(40, 10, 10_000), few + " of those with long names");
  }
}
