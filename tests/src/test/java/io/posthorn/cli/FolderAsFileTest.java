package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A folder where a file is to be named: said to be one, whatever else the system holds against it.
 */
class FolderAsFileTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "66, send -F FOLDER 127.0.0.1:9",
    "66, trace FOLDER",
    "66, --config FOLDER keys show",
    "66, keys import FOLDER",
    "73, listen -o FOLDER 127.0.0.1:0",
    "73, listen --trace FOLDER 127.0.0.1:0",
    "73, send --pcap FOLDER 127.0.0.1:9 x",
    "73, proxy --pcap FOLDER 127.0.0.1:0 127.0.0.1:9",
    "73, compare --simulated --report FOLDER",
    "78, listen --secret-file FOLDER 127.0.0.1:0",
    "78, listen --authorized-keys FOLDER 127.0.0.1:0",
    "78, ping --identity FOLDER 127.0.0.1:9"
  })
  void aFolderIsSaidToBeOne(int exit, String line) {
    InProcess here = new InProcess(Map.of("POSTHORN_HOME", folder.toString()), "");
    int status = here.run(line.replace("FOLDER", folder.toString()).split(" "));
    String said = here.errors();
    assertEquals(exit, status, said);
    assertTrue(said.contains(" is a folder"), said);
    assertTrue(said.contains("name a file"), said);
    assertTrue(said.contains(folder.toString()), said);
    assertEquals("", here.output());
  }
}
