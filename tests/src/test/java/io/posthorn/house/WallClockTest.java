package io.posthorn.house;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.properties.HasName;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Time in the library is the monotonic one of {@code System.nanoTime}: a wall clock that is set
 * while a program runs, by a person, by NTP or by a machine that wakes, ends and delays nothing.
 */
class WallClockTest {
  /** Each writes the hour of its beginning into a file, for people. */
  private static final Set<String> TELL_THE_HOUR =
      Set.of("io.posthorn.trace.QlogFile", "io.posthorn.capture.CaptureFile");

  /** Calls that ask for the wall clock, or wait until it shows something. */
  private static final Set<String> READS =
      Set.of(
          "java.lang.System.currentTimeMillis",
          "java.util.Date.<init>",
          "java.util.Calendar.getInstance",
          "java.util.GregorianCalendar.<init>",
          "java.util.Timer.<init>",
          "java.util.concurrent.locks.LockSupport.parkUntil",
          "java.util.concurrent.locks.Condition.awaitUntil");

  private static boolean readsTheWallClock(JavaAccess<?> access) {
    JavaClass owner = access.getTargetOwner();
    String name = ((HasName) access.getTarget()).getName();
    boolean isNow = owner.getPackageName().startsWith("java.time") && name.equals("now");
    boolean isClock = owner.getName().equals("java.time.Clock");
    return isNow || isClock || READS.contains(owner.getName() + "." + name);
  }

  private static ArchRule onlyIn(Set<String> known) {
    return noClasses()
        .that(
            DescribedPredicate.describe(
                "belong to the library and do not tell the hour",
                c -> !isTool(c) && !known.contains(c.getName())))
        .should()
        .accessTargetWhere(
            DescribedPredicate.describe("reads the wall clock", WallClockTest::readsTheWallClock));
  }

  /** The program may say what time it is; the testkit is no part of a running program. */
  private static boolean isTool(JavaClass type) {
    String name = type.getPackageName();
    return name.startsWith("io.posthorn.cli") || name.startsWith("io.posthorn.testkit");
  }

  @Test
  void fault24_nothingThatRunsAConnectionReadsTheWallClock() {
    assertTrue(LayeringTest.MAIN.size() > 200, "the classes under test were not found");
    onlyIn(TELL_THE_HOUR).check(LayeringTest.MAIN);
  }

  @Test
  void aClassThatReadsItIsReported() {
    JavaClasses bad = new ClassFileImporter().importPackages("io.posthorn.house.sample");
    List<String> found = onlyIn(TELL_THE_HOUR).evaluate(bad).getFailureReport().getDetails();
    assertEquals(1, found.size(), found.toString());
    assertTrue(found.get(0).contains("Instant.now()"), found.toString());
  }

  @Test
  void whoTellsTheHourIsStillThere() {
    Set<String> reported = new TreeSet<>();
    String report = onlyIn(Set.of()).evaluate(LayeringTest.MAIN).getFailureReport().toString();
    for (String name : TELL_THE_HOUR) {
      if (report.contains(name)) {
        reported.add(name);
      }
    }
    assertEquals(new TreeSet<>(TELL_THE_HOUR), reported);
  }
}
