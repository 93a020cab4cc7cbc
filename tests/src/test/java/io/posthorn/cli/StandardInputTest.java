package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whether descriptor 0 was given to the program or is a file of the runtime. */
class StandardInputTest {
  @TempDir private Path descriptors;

  private void link(String number, Path target) throws Exception {
    Files.createSymbolicLink(descriptors.resolve(number), target);
  }

  private static Path modules() {
    return Path.of(System.getProperty("java.home"), "lib", "modules");
  }

  @Test
  void runtimesOwnFileIsNoStandardInput() throws Exception {
    link("0", modules());
    link("1", Path.of("/dev/null"));
    link("10", Path.of("/dev/null"));
    assertFalse(StandardInput.isGiven(descriptors));
  }

  @Test
  void fileOfTheRuntimeThatSomebodyGaveIsOpenTwice() throws Exception {
    link("0", modules());
    link("3", modules());
    assertTrue(StandardInput.isGiven(descriptors));
  }

  @Test
  void anyOtherFileOrPipeIsStandardInput() throws Exception {
    link("0", Files.createFile(descriptors.resolve("some.jar")));
    assertTrue(StandardInput.isGiven(descriptors));
    Files.delete(descriptors.resolve("0"));
    link("0", Path.of("pipe:[17]"));
    assertTrue(StandardInput.isGiven(descriptors));
  }

  @Test
  void descriptorThatIsNotOpenIsNoStandardInputAndOtherSystemsHaveOne() throws Exception {
    link("1", Path.of("/dev/null"));
    assertFalse(StandardInput.isGiven(descriptors));
    assertTrue(StandardInput.isGiven(descriptors.resolve("absent")));
  }
}
