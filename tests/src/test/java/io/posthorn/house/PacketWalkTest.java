package io.posthorn.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The way of one packet through the protocol takes six files: those that are named are there, and
 * none stands between them.
 */
class PacketWalkTest {
  private static final Path ROOM =
      SourceFile.ROOT.resolve("transport/src/main/java/io/posthorn/protocol");
  private static final Pattern WAY = Pattern.compile("<ol>(.*?)</ol>", Pattern.DOTALL);
  private static final Pattern STEP =
      Pattern.compile(
          "<li>\\{@code ((?:[a-z]+/)?[A-Z]\\w+)(?:\\.([a-z]\\w+))?}((?:(?!<li>).)*)",
          Pattern.DOTALL);
  private static final Pattern NAMED = Pattern.compile("\\{@code ([A-Z]\\w+)}");
  private static final String PROTOCOL = "io.posthorn.protocol";
  private static final String ENDPOINT = "io.posthorn.endpoint";

  @Test
  void eachWayOfOnePacketTakesSixFiles() throws IOException {
    String text = SourceFile.read(ROOM.resolve("package-info.java")).text();
    List<MatchResult> ways = WAY.matcher(text).results().toList();
    assertEquals(2, ways.size());
    List<String> missing = new ArrayList<>();
    for (MatchResult way : ways) {
      List<MatchResult> steps = STEP.matcher(way.group(1)).results().toList();
      assertEquals(6, steps.size());
      for (MatchResult step : steps) {
        Path file = ROOM.resolve(step.group(1) + ".java");
        String method = step.group(2);
        if (!Files.exists(file)
            || (method != null && !SourceFile.read(file).text().contains(" " + method + "("))) {
          missing.add(step.group());
        }
      }
    }
    assertTrue(missing.isEmpty(), () -> "not there: " + missing);
  }

  /**
   * Each file is called from one before it: at once, or through a class of another room, or through
   * one that its step names; unless the endpoint enters there.
   */
  @Test
  void noOtherFileStandsBetweenThem() throws IOException {
    JavaClasses classes =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(PROTOCOL, "io.posthorn.wire", ENDPOINT);
    String text = SourceFile.read(ROOM.resolve("package-info.java")).text();
    List<String> gaps = new ArrayList<>();
    for (MatchResult way : WAY.matcher(text).results().toList()) {
      List<JavaClass> before = new ArrayList<>();
      for (MatchResult step : STEP.matcher(way.group(1)).results().toList()) {
        JavaClass next = classes.get(PROTOCOL + "." + step.group(1).replace('/', '.'));
        Set<String> named =
            NAMED
                .matcher(step.group(3))
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toSet());
        List<JavaClass> between =
            classes.stream()
                .filter(each -> !isOfTheRoom(each) || named.contains(each.getSimpleName()))
                .toList();
        String method = step.group(2);
        if (!isDoor(classes, next, method)
            && before.stream().noneMatch(from -> calls(from, next, method))
            && before.stream()
                .noneMatch(
                    from ->
                        between.stream()
                            .anyMatch(by -> calls(from, by, null) && calls(by, next, method)))) {
          gaps.add(step.group(1));
        }
        before.add(next);
      }
    }
    assertEquals(List.of(), gaps, "called from no file before them");
  }

  /** Whether the room above enters by this method. */
  private static boolean isDoor(JavaClasses classes, JavaClass type, @Nullable String method) {
    return classes.stream()
        .filter(each -> each.getPackageName().equals(ENDPOINT))
        .flatMap(each -> each.getMethodCallsFromSelf().stream())
        .anyMatch(call -> call.getTargetOwner().equals(type) && call.getName().equals(method));
  }

  private static boolean isOfTheRoom(JavaClass type) {
    return type.getPackageName().startsWith(PROTOCOL);
  }

  private static boolean calls(JavaClass from, JavaClass to, @Nullable String method) {
    return from.getMethodCallsFromSelf().stream()
        .filter(call -> method == null || call.getName().equals(method))
        .map(JavaMethodCall::getTargetOwner)
        .filter(owner -> owner.getPackageName().startsWith("io.posthorn"))
        .anyMatch(owner -> owner.isAssignableFrom(to.getName()));
  }
}
