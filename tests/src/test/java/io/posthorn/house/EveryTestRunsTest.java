package io.posthorn.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.posthorn.house.sample.StrayChecks;
import java.net.URISyntaxException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import net.jqwik.api.Group;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.platform.commons.annotation.Testable;
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
    for (JavaClass type : new ClassFileImporter().importPath(testClasses())) {
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
      JavaClass type = new ClassFileImporter().importClass(stray);
      assertTrue(hasTests(type), stray + " has a test");
      assertFalse(isRun(type, surefireIncludes()), stray + " is not run");
    }
  }

  private static boolean hasTests(JavaClass type) {
    if (type.isInterface() || type.getModifiers().contains(JavaModifier.ABSTRACT)) {
      return false; // its tests run in those that inherit them
    }
    for (JavaMethod method : type.getAllMethods()) {
      if (method.isMetaAnnotatedWith(Testable.class)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isRun(JavaClass type, List<PathMatcher> includes) {
    if (type.getEnclosingClass().isPresent()) {
      return (type.isAnnotatedWith(Nested.class) || type.isAnnotatedWith(Group.class))
          && isRun(type.getEnclosingClass().get(), includes);
    }
    Path source = Path.of(type.getName().replace('.', '/') + ".java");
    return type.getModifiers().contains(JavaModifier.ABSTRACT)
        || includes.stream().anyMatch(include -> include.matches(source));
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
