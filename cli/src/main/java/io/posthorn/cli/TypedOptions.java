package io.posthorn.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;

/** Options that somebody typed, as against those that have their value by default. */
final class TypedOptions {
  private TypedOptions() {}

  /**
   * Refuses those that would have no effect; what a file of defaults says is for other uses of the
   * command and is passed over.
   *
   * @param why after their names
   * @param names each option by one of its names
   */
  static void refuse(@Nullable CommandSpec command, String why, String remedy, String... names)
      throws Failure {
    List<String> typed = new ArrayList<>();
    for (String name : names) {
      if (isTyped(command, name)) {
        typed.add(name);
      }
    }
    if (!typed.isEmpty()) {
      throw new Failure(ExitCode.USAGE, String.join(" and ", typed) + " " + why, remedy);
    }
  }

  /** Refuses two of which one would have no effect, if both were typed. */
  static void refuseBoth(@Nullable CommandSpec command, String first, String second)
      throws Failure {
    if (isTyped(command, first) && isTyped(command, second)) {
      throw new Failure(ExitCode.USAGE, first + " and " + second, "take one of them");
    }
  }

  private static boolean isTyped(@Nullable CommandSpec command, String name) {
    return command != null && command.commandLine().getParseResult().hasMatchedOption(name);
  }
}
