package io.posthorn.fuzz;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How one process of Jazzer ended.
 *
 * @param exit its exit status
 * @param executions how many inputs it ran
 * @param findings the names of files that it added to the findings
 */
record FuzzOutcome(int exit, long executions, Set<String> findings) {
  /**
   * Why the run must not pass, or null. A fault that was found before has its file already, which
   * is named by what is in it; so the status counts too, and where there is none but nothing was
   * run, nothing was fuzzed.
   */
  @Nullable String failure() {
    if (!findings.isEmpty()) {
      return findings.size() + " findings: " + String.join(", ", findings);
    }
    if (exit != 0) {
      return "exit status " + exit + " without a new finding: a former one again, or no start";
    }
    return executions == 0 ? "nothing was executed" : null;
  }
}
