package io.posthorn.cli.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is found below a folder. */
class SourceTreeTest {
  @TempDir Path folder;

  private static List<String> walk(SourceTree tree) throws IOException {
    List<String> found = new ArrayList<>();
    tree.walk(
        new SourceTree.Visitor() {
          @Override
          public void folder(String name, Path path, BasicFileAttributes attributes) {}

          @Override
          public void file(String name, Path path, BasicFileAttributes attributes)
              throws IOException {
            SourceFile.open(path, attributes.size()).close();
            found.add(name);
          }

          @Override
          public void refused(String name, Refused why) {
            found.add(name + ": " + why.code() + " " + why.reason());
          }
        });
    return found;
  }

  @Test
  void aNameThatIsNoUtf8IsRefusedAsSuchAndTheRestIsFound() throws Exception {
    Path latin = Path.of(URI.create(folder.toUri() + "gr%F6%DFe"));
    try {
      Files.writeString(latin, "x");
    } catch (IOException onlyUtf8) {
      assumeTrue(false, "the file system takes no such names");
    }
    Files.writeString(folder.resolve("größe"), "x");
    String name = String.valueOf(folder.getFileName());
    assertEquals(
        List.of(name + "/größe", name + "/gr\ufffd\ufffde: 65 its name is no UTF-8"),
        walk(new SourceTree(List.of(folder), List.of("*.o"))).stream().sorted().toList());
  }

  @Test
  void anInterruptEndsTheWalkAndTheHashing() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "x");
    SourceTree tree = new SourceTree(List.of(folder), List.of());
    Thread.currentThread().interrupt();
    assertThrows(InterruptedIOException.class, () -> walk(tree));
    assertThrows(InterruptedIOException.class, () -> SourceFile.hash(file));
    assertEquals(true, Thread.interrupted());
    try (SourceFile source = SourceFile.open(file, 1)) {
      Thread.currentThread().interrupt();
      assertThrows(InterruptedIOException.class, () -> source.hashUpTo(1));
      assertEquals(true, Thread.interrupted());
    }
  }

  private Path in(String parent, String name) throws IOException {
    return Files.writeString(Files.createDirectories(folder.resolve(parent)).resolve(name), parent);
  }

  @Test
  void twoSourcesOfOneNameAreToldApartFromOneThatIsGivenTwice() throws Exception {
    Path first = in("v1", "lib.so");
    Path second = in("v2", "lib.so");
    Path other = in("v2", "other");
    Path again = folder.resolve("v2/../v1/lib.so");
    Path absent = folder.resolve("v3/lib.so");
    List<Path> both = List.of(first, other, second);
    assertEquals("lib.so", new SourceTree(both, List.of()).sharedName());
    assertNull(new SourceTree(both, List.of("*.so")).sharedName());
    assertNull(new SourceTree(List.of(first, other, again, absent), List.of()).sharedName());
  }
}
