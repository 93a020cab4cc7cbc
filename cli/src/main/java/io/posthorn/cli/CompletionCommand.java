package io.posthorn.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code posthorn completion}: a script that completes commands and options. */
@Command(
    name = "completion",
    description = {
      "Prints a script that completes commands and options in bash and zsh.",
      "",
      "  source <(posthorn completion)"
    })
final class CompletionCommand implements Callable<Integer> {
  private final Posthorn root;

  @Spec private @Nullable CommandSpec spec;

  CompletionCommand(Posthorn root) {
    this.root = root;
  }

  @Override
  public Integer call() throws IOException {
    CommandSpec mine = spec;
    if (mine == null) {
      throw new IllegalStateException("called without picocli");
    }
    Output output = root.output(false);
    output.line(AutoComplete.bash("posthorn", mine.root().commandLine()));
    output.flush();
    return ExitCode.OK.status();
  }
}
