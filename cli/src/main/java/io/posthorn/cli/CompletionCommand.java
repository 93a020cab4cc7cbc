package io.posthorn.cli;

import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code posthorn completion}: a script that completes commands and options. */
@Command(
    name = "completion",
    description = {
      "Prints a script that completes commands and options in bash, zsh or fish.",
      "",
      "  bash, zsh:  source <(posthorn completion)",
      "  fish:       posthorn completion fish | source"
    })
final class CompletionCommand implements Callable<Integer> {
  private final Posthorn root;

  /** The shells that are known. */
  enum Shell {
    /** Version 4 and later. */
    BASH,
    /** By its emulation of bash's completion. */
    ZSH,
    /** Version 3 and later. */
    FISH;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Spec private @Nullable CommandSpec spec;

  @Parameters(arity = "0..1", paramLabel = "SHELL", description = "bash (default), zsh or fish.")
  private Shell shell = Shell.BASH;

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
    CommandLine all = mine.root().commandLine();
    output.line(
        switch (shell) {
          case BASH -> AutoComplete.bash("posthorn", all);
          case ZSH ->
              "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n"
                  + AutoComplete.bash("posthorn", all);
          case FISH -> FishCompletion.of(all).stripTrailing();
        });
    output.flush();
    return ExitCode.OK.status();
  }
}
