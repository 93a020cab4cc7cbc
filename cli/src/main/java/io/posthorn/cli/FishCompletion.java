package io.posthorn.cli;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** A script for fish(1) that completes commands, options and the words that options take. */
final class FishCompletion {
  private final StringBuilder script = new StringBuilder();

  private FishCompletion() {}

  static String of(CommandLine root) {
    FishCompletion completion = new FishCompletion();
    completion.line("# Completion of posthorn for fish; put it in ~/.config/fish/completions.");
    completion.line("complete -c posthorn -f");
    root.getSubcommands()
        .forEach(
            (name, command) -> {
              completion.line(
                  "complete -c posthorn -n __fish_use_subcommand -a "
                      + name
                      + " -d "
                      + quoted(firstSentence(command.getCommandSpec())));
              for (OptionSpec option : command.getCommandSpec().options()) {
                completion.option(name, option);
              }
            });
    return completion.script.toString();
  }

  private void option(String command, OptionSpec option) {
    if (option.hidden()) {
      return;
    }
    StringBuilder line = new StringBuilder("complete -c posthorn -n '__fish_seen_subcommand_from ");
    line.append(command).append('\'');
    for (String name : option.names()) {
      line.append(name.startsWith("--") ? " -l " : " -s ").append(name.replaceAll("^-+", ""));
    }
    if (option.arity().max() > 0 && option.arity().min() > 0) {
      line.append(" -r");
      String label = option.paramLabel();
      if (label.contains("FILE") || label.contains("DIR")) {
        line.append(" -F");
      }
      Iterable<String> words = option.completionCandidates();
      if (words != null) {
        line.append(" -a '").append(String.join(" ", words)).append('\'');
      }
    }
    String[] description = option.description();
    line(
        line.append(" -d ")
            .append(quoted(description.length == 0 ? "" : description[0]))
            .toString());
  }

  private void line(String text) {
    script.append(text).append('\n');
  }

  private static String firstSentence(CommandSpec command) {
    String[] description = command.usageMessage().description();
    return description.length == 0 ? "" : description[0];
  }

  private static String quoted(String description) {
    String text = description.replace("%%", "%").replace("${DEFAULT-VALUE}", "as help says");
    int end = text.indexOf(". ");
    String first = end < 0 ? text : text.substring(0, end + 1);
    return "'" + first.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }
}
