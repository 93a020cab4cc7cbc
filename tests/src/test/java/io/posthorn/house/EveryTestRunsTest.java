package io.posthorn.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.house.sample.StrayChecks;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import net.jqwik.api.Group;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

/**
 * Surefire runs only classes whose names match its includes, and says nothing of the others: a
 * class of tests with another name would never run, and the build would be green.
 */
class EveryTestRunsTest {
  @Test
  void everyClassWithTestsIsRun() throws Exception {
    List<PathMatcher> includes = surefireIncludes();
    Set<String> neverRun = new TreeSet<>();
    int found = 0;
    for (Class<?> type : compiledTests()) {
      boolean sample = type.getPackageName().matches(".*\\.sample(\\..*)?");
      if (!sample && hasTests(type)) {
        found++;
        if (!isRun(type, includes)) {
          neverRun.add(type.getName());
        }
      }
    }
    assertEquals(Set.of(), neverRun);
    assertTrue(found >= 3, "the test classes were not found");
  }

  @Test
  void aClassThatNobodyRunsIsFound() throws Exception {
    for (Class<?> stray : List.of(StrayChecks.class, StrayChecks.Inner.class)) {
      assertTrue(hasTests(stray), stray + " has a test");
      assertFalse(isRun(stray, surefireIncludes()), stray + " is not run");
    }
  }

  private static boolean hasTests(Class<?> type) {
    // Those of an abstract class run in those that inherit them.
    return !type.isInterface()
        && !Modifier.isAbstract(type.getModifiers())
        && !AnnotationSupport.findAnnotatedMethods(
                type, Testable.class, HierarchyTraversalMode.TOP_DOWN)
            .isEmpty();
  }

  private static boolean isRun(Class<?> type, List<PathMatcher> includes) {
    Class<?> outer = type.getEnclosingClass();
    if (outer != null) {
      return (type.isAnnotationPresent(Nested.class) || type.isAnnotationPresent(Group.class))
          && isRun(outer, includes);
    }
    Path source = Path.of(type.getName().replace('.', '/') + ".java");
    return Modifier.isAbstract(type.getModifiers())
        || includes.stream().anyMatch(include -> include.matches(source));
  }

  /** Every class of the tests, none of them initialised. */
  private static List<Class<?>> compiledTests() throws Exception {
    Path root = testClasses();
    List<Class<?>> found = new ArrayList<>();
    try (Stream<Path> tree = Files.walk(root)) {
      for (Path file : (Iterable<Path>) tree::iterator) {
        String name = root.relativize(file).toString().replace('/', '.').replace('\\', '.');
        if (name.endsWith(".class") && !name.endsWith("-info.class")) {
          String type = name.substring(0, name.length() - ".class".length());
          found.add(Class.forName(type, false, EveryTestRunsTest.class.getClassLoader()));
        }
      }
    }
    return found;
  }

  private static Path testClasses() throws URISyntaxException {
    return Path.of(
        EveryTestRunsTest.class.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  /** The includes of the parent's pom; the module of the tests has none of its own. */
  private static List<PathMatcher> surefireIncludes() throws Exception {
    assertEquals(List.of(), includesOf("tests/pom.xml"), "one place names the includes");
    List<PathMatcher> matchers = new ArrayList<>();
    for (String include : includesOf("pom.xml")) {
      matchers.add(FileSystems.getDefault().getPathMatcher("glob:" + include));
    }
    assertFalse(matchers.isEmpty(), "no includes in pom.xml");
    return matchers;
  }

  private static List<String> includesOf(String pom) throws Exception {
    Document document =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(SourceFile.ROOT.resolve(pom).toFile());
    NodeList nodes =
        (NodeList)
            XPathFactory.newInstance()
                .newXPath()
                .evaluate(
                    "//plugin[artifactId='maven-surefire-plugin']//include",
                    document,
                    XPathConstants.NODESET);
    List<String> includes = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      includes.add(nodes.item(i).getTextContent().strip());
    }
    return includes;
  }
}
