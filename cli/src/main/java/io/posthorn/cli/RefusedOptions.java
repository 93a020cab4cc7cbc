package io.posthorn.cli;

import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Options that a command has because it shares others with more commands, and that it can only
 * refuse. Help, completion and settings do not know them; whoever types one out of habit is told
 * what to do instead.
 */
final class RefusedOptions {
  private static final String PLAIN = "--plain";
  private static final List<String> OF_CLIENTS =
      List.of("--known-hosts", "--accept-new", "--strict", "--insecure");
  private static final List<String> OF_RECEIVE =
      List.of("--known-hosts", "--accept-new", "--strict", "--insecure", PLAIN);
  private static final Map<String, List<String>> OF_COMMANDS =
      Map.of("listen", OF_CLIENTS, "receive", OF_RECEIVE, "copy", List.of(PLAIN));

  private RefusedOptions() {}

  /** Takes them out of sight. To be called before the command is made a part of another. */
  static void hide(CommandSpec command) {
    for (String name : OF_COMMANDS.getOrDefault(command.name(), List.of())) {
      OptionSpec option = command.findOption(name);
      command.remove(option);
      command.addOption(option.toBuilder().hidden(true).build());
    }
  }
}
