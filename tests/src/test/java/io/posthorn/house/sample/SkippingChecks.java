package io.posthorn.house.sample;

import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.platform.launcher.EngineFilter;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Tests that are skipped in each way there is; surefire never runs them. */
public final class SkippingChecks {
  /** How many lines of the record a plan with {@code skips} makes. */
  public static final int LINES = 22;

  /** Longer than any buffer, and of two lines. */
  private static final String REASON = "no\nreason " + "x".repeat(20_000) + " end";

  @RepeatedTest(20)
  void aborts() {
    assumeTrue(false, REASON);
  }

  @EnabledIfSystemProperty(named = "posthorn.never", matches = "x", disabledReason = "never, end")
  @Test
  void isSwitchedOff() {}

  /** No test of it begins. */
  public static final class AbortsWhole {
    @BeforeAll
    static void aborts() {
      assumeTrue(false, "none of these, end");
    }

    @Test
    void neverBegins() {}
  }

  /** Nothing is skipped here. */
  public static final class Passes {
    @Test
    void passes() {}
  }

  /** Runs a plan for each word, one after the other, as surefire's processes do. */
  public static void main(String... plans) {
    for (String plan : plans) {
      LauncherDiscoveryRequestBuilder request =
          LauncherDiscoveryRequestBuilder.request()
              .filters(EngineFilter.includeEngines("junit-jupiter"));
      if (plan.equals("skips")) {
        request.selectors(selectClass(SkippingChecks.class), selectClass(AbortsWhole.class));
      } else {
        request.selectors(selectClass(Passes.class));
      }
      LauncherFactory.create().execute(request.build());
    }
  }
}
