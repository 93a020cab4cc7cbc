package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StandardOutputTest {
  @TempDir private Path folder;

  private ExitCode codeOf(String target, String words) throws IOException {
    Path link = Files.createTempDirectory(folder, "descriptors").resolve("1");
    Files.createSymbolicLink(link, Path.of(target));
    OutputStream failing =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException(words);
          }
        };
    StandardOutput output = new StandardOutput(failing, link);
    return Failures.of(assertThrows(IOException.class, () -> output.write(new byte[3]))).code();
  }

  @Test
  void pipeThatNobodyReadsIsKnownInAnyLanguage() throws IOException {
    assertEquals(ExitCode.BROKEN_PIPE, codeOf("pipe:[17]", "Relais bris\u00e9"));
    assertEquals(ExitCode.IO, codeOf("/tmp/file", "Plus de place"));
  }
}
