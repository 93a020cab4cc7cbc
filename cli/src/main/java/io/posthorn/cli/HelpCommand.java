package io.posthorn.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code posthorn help}: what the program, or one of its commands, does and takes. */
@Command(name = "help", description = "What a command does and takes.")
final class HelpCommand implements Callable<Integer> {
  private final Posthorn root;

  @Spec private @Nullable CommandSpec spec;

  @Parameters(arity = "0..*", paramLabel = "COMMAND", description = "Which command, or several.")
  private List<String> commands = List.of();

  @Option(
      names = "--man",
      description = "As a manual page, for \"man -l -\" or a file in a folder man1.")
  private boolean man;

  HelpCommand(Posthorn root) {
    this.root = root;
  }

  @Override
  public Integer call() throws IOException, Failure {
    CommandSpec mine = spec;
    if (mine == null) {
      throw new IllegalStateException("called without picocli");
    }
    CommandLine all = mine.root().commandLine();
    List<CommandLine> about = new ArrayList<>();
    for (String asked : commands) {
      CommandLine before = about.isEmpty() ? null : about.get(about.size() - 1);
      CommandLine within = before == null ? null : before.getSubcommands().get(asked);
      if (within != null) {
        about.set(about.size() - 1, within);
        continue;
      }
      CommandLine found = all.getSubcommands().get(asked);
      if (found == null) {
        throw new Failure(
            ExitCode.USAGE,
            "no command \"" + TextSafety.visible(asked) + "\"",
            "there are " + String.join(", ", all.getSubcommands().keySet()));
      }
      about.add(found);
    }
    Output output = root.output(false);
    for (CommandLine one : about.isEmpty() ? List.of(all) : about) {
      output.line((man ? ManPage.of(one) : one.getUsageMessage()).stripTrailing());
    }
    output.flush();
    return ExitCode.OK.status();
  }
}
