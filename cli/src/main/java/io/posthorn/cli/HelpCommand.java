package io.posthorn.cli;

import java.io.IOException;
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

  @Parameters(arity = "0..1", paramLabel = "COMMAND", description = "Which command.")
  private @Nullable String command;

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
    CommandLine about = mine.root().commandLine();
    String asked = command;
    if (asked != null) {
      CommandLine found = about.getSubcommands().get(asked);
      if (found == null) {
        throw new Failure(
            ExitCode.USAGE,
            "no command \"" + TextSafety.visible(asked) + "\"",
            "there are " + String.join(", ", about.getSubcommands().keySet()));
      }
      about = found;
    }
    Output output = root.output(false);
    output.line((man ? ManPage.of(about) : about.getUsageMessage()).stripTrailing());
    output.flush();
    return ExitCode.OK.status();
  }
}
