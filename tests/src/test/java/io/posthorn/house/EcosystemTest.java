package io.posthorn.house;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What Posthorn is to the builds and systems of others. */
class EcosystemTest {
  private static String pom(String module) throws IOException {
    return Files.readString(SourceFile.ROOT.resolve(module).resolve("pom.xml"));
  }

  private static List<String> all(String text, String tag) {
    List<String> found = new ArrayList<>();
    Matcher matcher = Pattern.compile("<" + tag + ">([^<]*)</" + tag + ">").matcher(text);
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    return found;
  }

  private static JarFile programJar() throws IOException {
    return new JarFile(Path.of(System.getProperty("posthorn.jar")).toFile());
  }

  @Test
  void billOfMaterialsNamesEveryArtifactInThisVersion() throws IOException {
    String root = pom(".");
    String version = all(root, "version").get(0);
    Set<String> artifacts = new TreeSet<>();
    for (String module : all(root, "module")) {
      if (!module.equals("transport/bom")) {
        String own = pom(module);
        artifacts.add(all(own.substring(own.indexOf("</parent>")), "artifactId").get(0));
      }
    }
    String whole = pom("transport/bom");
    String bom = whole.substring(0, whole.indexOf("</dependencyManagement>"));
    assertEquals(Set.of(version), Set.copyOf(all(bom, "version")));
    List<String> named = all(bom, "artifactId");
    assertEquals("posthorn-bom", named.get(0));
    assertEquals(artifacts, new TreeSet<>(named.subList(1, named.size())));
  }

  @Test
  void readmeNamesThisVersion() throws IOException {
    String version = all(pom("."), "version").get(0);
    for (String file : List.of("README.md", "tests/TUTORIAL.md")) {
      List<String> versions = all(Files.readString(SourceFile.ROOT.resolve(file)), "version");
      assertTrue(!versions.isEmpty(), "no dependency snippet in " + file);
      assertEquals(Set.of(version), Set.copyOf(versions), file);
    }
  }

  @Test
  void everyModuleHasAName() throws IOException {
    assertTrue(
        Files.readString(SourceFile.ROOT.resolve("transport/src/main/java/module-info.java"))
            .contains("module io.posthorn {"));
    for (String module : List.of("cli", "tests")) {
      String name = module.equals("cli") ? "io.posthorn.cli" : "io.posthorn.testkit";
      assertEquals(List.of(name), all(pom(module), "Automatic-Module-Name"));
    }
  }

  @Test
  void nativeImageIsToldOfEveryCommand() throws IOException {
    List<String> commands = new ArrayList<>();
    Path sources = SourceFile.ROOT.resolve("cli/src/main/java");
    try (Stream<Path> tree = Files.walk(sources)) {
      for (Path file : (Iterable<Path>) tree::iterator) {
        if (file.toString().endsWith("Command.java")
            && Files.readString(file).contains("@Command(")) {
          String name = sources.relativize(file).toString().replace('/', '.');
          commands.add(name.substring(0, name.length() - ".java".length()));
        }
      }
    }
    assertTrue(commands.size() > 4, "the commands were not found");
    String folder = "META-INF/native-image/picocli-generated/io.posthorn/posthorn-cli/";
    try (JarFile jar = programJar()) {
      var entry = jar.getJarEntry(folder + "reflect-config.json");
      assertNotNull(entry, "no metadata in " + jar.getName());
      String metadata = new String(jar.getInputStream(entry).readAllBytes(), UTF_8);
      for (String command : commands) {
        assertTrue(metadata.contains('"' + command + '"'), command + " is missing");
      }
    }
  }
}
