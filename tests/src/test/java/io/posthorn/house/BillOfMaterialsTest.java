package io.posthorn.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The bills of materials that the build writes beside the jars name each library that is in them,
 * and nothing that differs from build to build. Maven leaves them out where it is offline.
 */
class BillOfMaterialsTest {
  private static final Path ROOT = Path.of(System.getProperty("posthorn.root"));
  private static final Pattern COMPONENT = Pattern.compile("\"purl\" : \"pkg:maven/([^@]+)@");

  @Test
  void theProgramsLibrariesAreListed() throws IOException {
    assertTrue(
        Files.readString(ROOT.resolve("pom.xml")).contains("<id>bill-of-materials</id>"),
        "the build writes none");
    assumeWritten();
    assertEquals(
        Set.of(
            "com.google.code.gson/gson",
            "com.esotericsoftware/kryo",
            "com.esotericsoftware/minlog",
            "com.esotericsoftware/reflectasm",
            "info.picocli/picocli",
            "io.posthorn/posthorn-cli",
            "io.posthorn/posthorn-transport",
            "net.java.dev.jna/jna-jpms",
            "org.hdrhistogram/HdrHistogram",
            "org.jspecify/jspecify",
            "org.objenesis/objenesis"),
        components("cli"));
  }

  @Test
  void twoBuildsWriteTheSame() throws IOException {
    assumeWritten();
    for (String module : Set.of("transport", "cli")) {
      String bill = Files.readString(ROOT.resolve(module).resolve("target/bom.json"));
      assertFalse(bill.contains("\"serialNumber\""), module);
      assertFalse(bill.contains("\"timestamp\""), module);
    }
  }

  /** A skipped test fails where {@code CI=true}: what is to be published is built online. */
  private static void assumeWritten() {
    assumeTrue(
        System.getProperty("posthorn.offline", "").equals("offline: false"),
        "Maven was offline and wrote no bill of materials");
  }

  private static Set<String> components(String module) throws IOException {
    Set<String> components = new TreeSet<>();
    String bill = Files.readString(ROOT.resolve(module).resolve("target/bom.json"));
    for (Matcher each = COMPONENT.matcher(bill); each.find(); ) {
      components.add(each.group(1));
    }
    return components;
  }
}
