package io.posthorn.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The planted bugs of {@code tests/src/canary} can still be planted: whoever moves the code that
 * one of them breaks moves the bug along.
 */
class CanaryPatchesTest {
  private static final Path ROOT = Path.of(System.getProperty("posthorn.root"));

  @Test
  void everyPatchApplies() throws IOException, InterruptedException {
    List<Path> patches;
    try (Stream<Path> files = Files.list(ROOT.resolve("tests/src/canary"))) {
      patches = files.filter(file -> file.toString().endsWith(".patch")).sorted().toList();
    }
    assertTrue(patches.size() >= 15, "the patches were not found");
    List<String> broken = new ArrayList<>();
    for (Path patch : patches) {
      Process git =
          new ProcessBuilder("git", "apply", "--check", patch.toRealPath().toString())
              .directory(ROOT.toFile())
              .redirectErrorStream(true)
              .start();
      String said = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (git.waitFor() != 0) {
        broken.add(patch.getFileName() + ": " + said.strip());
      }
    }
    assertEquals(List.of(), broken);
  }
}
