package io.posthorn.house;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The one rule of the architecture: imports go downward only, and {@code wire}, {@code protocol}
 * and {@code endpoint} know no time, chance, thread or socket.
 */
class LayeringTest {
  private static final String ROOT = "io.posthorn";

  /** Each layer with the layers that it may import; the empty name is the API itself. */
  private static final Map<String, Set<String>> BELOW =
      Map.ofEntries(
          Map.entry("wire", Set.of()),
          Map.entry("identity", Set.of()),
          Map.entry("datagram", Set.of()),
          Map.entry("files", Set.of()),
          Map.entry("trace", Set.of("wire", "files")),
          Map.entry("protocol", Set.of("wire", "trace", "identity")),
          Map.entry("endpoint", Set.of("protocol", "wire", "trace", "identity")),
          Map.entry("io", Set.of("endpoint", "simulation", "wire")),
          Map.entry(
              "simulation", Set.of("capture", "datagram", "endpoint", "protocol", "wire", "trace")),
          Map.entry(
              "runtime",
              Set.of("capture", "endpoint", "io", "protocol", "simulation", "wire", "trace")),
          Map.entry(
              "",
              Set.of(
                  "runtime",
                  "datagram",
                  "endpoint",
                  "io",
                  "protocol",
                  "simulation",
                  "wire",
                  "trace",
                  "identity")),
          Map.entry("capture", Set.of("files", "protocol", "wire", "trace", "identity")),
          Map.entry("codec", Set.of("")),
          Map.entry("micrometer", Set.of("")),
          Map.entry("testkit", Set.of("", "codec", "simulation", "trace")),
          Map.entry("cli", Set.of("", "capture", "codec", "simulation", "trace", "identity")));

  private static final Set<String> SANS_IO = Set.of("wire", "protocol", "endpoint");

  /**
   * Classes of the API that any layer may name, beside every enum, record and exception of it. They
   * are pure values: they import nothing of Posthorn but one another, and who one is.
   */
  private static final Set<String> VALUES =
      Set.of(
          "Security",
          "SharedSecret",
          "SocketOptions",
          "CongestionControl",
          "ChannelPriorities",
          "SocketStatistics",
          "AddressText");

  /** All classes but those of tests. */
  static final JavaClasses MAIN =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  @Test
  void theCoreKnowsNoTimeChanceThreadOrSocket() {
    for (ArchRule rule : SansIoRules.forPackages(packages(ROOT, SANS_IO))) {
      rule.check(MAIN);
    }
  }

  @Test
  void nobodyBringsALoggerButTheSystemsOwn() {
    noClasses()
        .that()
        // Which settles what the program's own System.Logger, that of the JDK, prints.
        .haveNameNotMatching("io\\.posthorn\\.cli\\.LogSettings(\\$.*)?")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.slf4j..",
            "java.util.logging..",
            "org.apache.logging..",
            "org.apache.commons.logging..")
        .check(MAIN);
  }

  /**
   * Keys, ids and cookies of a socket are drawn from what {@code SocketOpening} gives its endpoint,
   * and nothing but {@code SecureRandom} is left for that. (What {@code compare} simulates is
   * seeded.)
   */
  @Test
  void nothingButSecureRandomIsDrawnFrom() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".cli.compare..")
        .should()
        .dependOnClassesThat()
        .belongToAnyOf(Random.class, SplittableRandom.class, ThreadLocalRandom.class)
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.util.random.RandomGeneratorFactory")
        .orShould()
        .callMethod(Math.class, "random")
        .orShould()
        .callMethod(RandomGenerator.class, "getDefault")
        .orShould()
        .callMethod(RandomGenerator.class, "of", String.class)
        .check(MAIN);
  }

  @Test
  void theCoreTakesNoLock() throws IOException {
    Pattern lock = Pattern.compile("\\bsynchronized\\s*\\(");
    List<String> found = new ArrayList<>();
    for (String layer : SANS_IO) {
      for (SourceFile file :
          SourceFile.under("transport/src/main/java/io/posthorn/" + layer, ".java")) {
        found.addAll(file.linesMatching(lock));
      }
    }
    assertEquals(List.of(), found);
  }

  @Test
  void importsGoDownwardOnly() {
    for (ArchRule rule : downwardRules(ROOT)) {
      rule.check(MAIN);
    }
  }

  @Test
  void valuesOfTheApiImportOnlyOneAnother() {
    classes()
        .that(DescribedPredicate.describe("are values", c -> isValue(ROOT, c)))
        .should()
        .onlyDependOnClassesThat(
            DescribedPredicate.describe(
                "are values, identities or not Posthorn's",
                c -> !isOurs(ROOT, c) || isValue(ROOT, c) || layer(ROOT, c).equals("identity")))
        .check(MAIN);
  }

  @Test
  void everyPackageHasItsPlaceAmongTheLayers() {
    Set<String> unknown = new TreeSet<>();
    for (JavaClass type : MAIN) {
      if (!BELOW.containsKey(layer(ROOT, type))) {
        unknown.add(type.getPackageName());
      }
    }
    assertEquals(Set.of(), unknown);
    assertTrue(MAIN.size() > 20, "the classes under test were not found");
  }

  /** The rules bite: a class that breaks each of them is reported for each. */
  @Test
  void aClassThatBreaksTheRulesIsReported() {
    String sample = "io.posthorn.house.sample";
    JavaClasses bad = new ClassFileImporter().importPackages(sample);
    List<String> reports = new ArrayList<>();
    List<ArchRule> rules = new ArrayList<>(SansIoRules.forPackages(packages(sample, SANS_IO)));
    rules.addAll(downwardRules(sample));
    for (ArchRule rule : rules) {
      reports.addAll(rule.evaluate(bad).getFailureReport().getDetails());
    }
    String report = String.join("\n", reports);
    for (String broken :
        List.of(
            "System.nanoTime()",
            "System.out",
            "Math.random()",
            "java.util.Random",
            "java.lang.Thread",
            "DatagramSocket",
            "DatagramChannel",
            "ReentrantLock",
            "java.time.Instant",
            "List.stream()",
            "InetAddress.getByName",
            "InetSocketAddress.<init>(java.lang.String, int)",
            "Object.notifyAll()",
            "BadWire.counter>",
            "BadWire.seen>",
            "BadWire.locked()",
            "sample.runtime.Above")) {
      assertTrue(report.contains(broken), broken + " is not in\n" + report);
    }
    assertFalse(report.contains("arraycopy"), report);
    assertFalse(report.contains("LIMIT"), report);
  }

  private static List<ArchRule> downwardRules(String root) {
    List<ArchRule> rules = new ArrayList<>();
    BELOW.forEach(
        (layer, below) ->
            rules.add(
                classes()
                    .that(
                        DescribedPredicate.describe(
                            "are in layer '" + layer + "'",
                            c -> isOurs(root, c) && layer(root, c).equals(layer)))
                    .should()
                    .onlyDependOnClassesThat(
                        DescribedPredicate.describe(
                            "are in it, below it in " + below + " or values of the API",
                            c ->
                                !isOurs(root, c)
                                    || layer(root, c).equals(layer)
                                    || below.contains(layer(root, c))
                                    || isValue(root, c)))
                    .allowEmptyShould(true)));
    return rules;
  }

  private static String[] packages(String root, Set<String> layers) {
    return layers.stream().map(layer -> root + "." + layer + "..").toArray(String[]::new);
  }

  private static boolean isOurs(String root, JavaClass type) {
    String name = type.getBaseComponentType().getPackageName();
    return name.equals(root) || name.startsWith(root + ".");
  }

  private static String layer(String root, JavaClass type) {
    String name = type.getBaseComponentType().getPackageName();
    if (name.equals(root)) {
      return "";
    }
    String rest = name.substring(root.length() + 1);
    int dot = rest.indexOf('.');
    return dot < 0 ? rest : rest.substring(0, dot);
  }

  private static boolean isValue(String root, JavaClass type) {
    JavaClass outermost = type.getBaseComponentType();
    if (!outermost.getPackageName().equals(root)) {
      return false;
    }
    while (outermost.getEnclosingClass().isPresent()) {
      outermost = outermost.getEnclosingClass().get();
    }
    return outermost.isEnum()
        || outermost.isRecord()
        || outermost.isAssignableTo(Throwable.class)
        || VALUES.contains(outermost.getSimpleName())
        || outermost.getSimpleName().equals("package-info");
  }
}
