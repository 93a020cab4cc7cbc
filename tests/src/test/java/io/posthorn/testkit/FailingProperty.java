package io.posthorn.testkit;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.reporting.ReportEntry;
import org.junit.platform.launcher.EngineFilter;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs a property that is expected to fail, as a build would, and keeps what it says. */
record FailingProperty(Throwable failure, String report) {
  static FailingProperty run(Class<?> type, String method) {
    Method property =
        Arrays.stream(type.getDeclaredMethods())
            .filter(each -> each.getName().equals(method))
            .findFirst()
            .orElseThrow();
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(selectMethod(type, property))
            .filters(EngineFilter.includeEngines("jqwik"))
            .configurationParameter("jqwik.database", "")
            .configurationParameter("jqwik.reporting.usejunitplatform", "true")
            .build();
    StringBuilder report = new StringBuilder();
    List<Throwable> failures = new ArrayList<>();
    LauncherFactory.create()
        .execute(
            request,
            new TestExecutionListener() {
              @Override
              public void reportingEntryPublished(TestIdentifier test, ReportEntry entry) {
                report.append(entry.getKeyValuePairs().values()).append('\n');
              }

              @Override
              public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                result.getThrowable().ifPresent(failures::add);
              }
            });
    assertNotNull(failures.isEmpty() ? null : failures.get(0), "it did not fail:\n" + report);
    return new FailingProperty(failures.get(0), report.toString());
  }

  /** After how many tries it failed. */
  int tries() {
    Matcher tries = Pattern.compile("tries = (\\d+)").matcher(report);
    if (!tries.find()) {
      throw new AssertionError("no tries in\n" + report);
    }
    return Integer.parseInt(tries.group(1));
  }

  /** A parameter as the smallest sample has it. */
  String smallest(String parameter) {
    int from = report.indexOf("Shrunk Sample");
    if (from < 0) {
      from = report.indexOf("Sample"); // it was the smallest at once
    }
    Matcher value = Pattern.compile(Pattern.quote(parameter) + ": (.*)").matcher(report);
    if (from < 0 || !value.find(from)) {
      throw new AssertionError("no sample of " + parameter + " in\n" + report);
    }
    return value.group(1).strip();
  }
}
