package io.posthorn.cli;

import io.posthorn.MessageSocket;
import io.posthorn.cli.exec.ChildCommand;
import io.posthorn.cli.exec.ExecServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of {@code listen} that start a child for each client. */
final class ExecFlags {
  private static final int MOST_CLIENTS = 10_000;

  @Option(
      names = {"-e", "--exec"},
      paramLabel = "CMD",
      description = {
        "Start this program for each client: what the client sends is its standard input, its"
            + " standard output and error go to the client, and its exit status is that of"
            + " \"connect\" or \"send\" there. POSTHORN_PEER, POSTHORN_PEER_HOST,"
            + " POSTHORN_PEER_PORT, POSTHORN_LOCAL_PORT and POSTHORN_FINGERPRINT tell it whom it"
            + " serves. Reliable mode only."
      })
  private @Nullable String program;

  @Option(
      names = {"-c", "--sh-exec"},
      paramLabel = "CMD",
      description = "As --exec, with /bin/sh to read the command.")
  private @Nullable String shell;

  @Option(
      names = {"-m", "--max-clients"},
      paramLabel = "MAX",
      description =
          "So many clients at once; default 200 with --exec, else 10,000, fewer in a small heap.")
  private @Nullable Integer maxClients;

  @Mixin private AccessFlags access = new AccessFlags();

  /** Whether a child is asked for. */
  boolean isWanted() {
    return program != null || shell != null;
  }

  /** How many connections at once, or null for the usual number. */
  @Nullable Integer maxClients() {
    return maxClients;
  }

  /** Refuses what makes no sense or is not safe. */
  void check(SocketFlags flags, boolean echo, @Nullable Framing framing, Posthorn root)
      throws Failure {
    access.authorize(flags, root);
    Integer most = maxClients;
    if (most != null && (most < 1 || most > MOST_CLIENTS)) {
      throw new Failure(ExitCode.USAGE, "-m " + most, "take 1 to " + MOST_CLIENTS + " clients");
    }
    if (!isWanted()) {
      return;
    }
    if (program != null && shell != null) {
      throw new Failure(ExitCode.USAGE, "--exec and --sh-exec together", "give one of them");
    }
    if (flags.isPlain()) {
      throw new Failure(
          ExitCode.USAGE,
          "--exec in plain mode, which knows no clients and no end",
          "leave out --plain");
    }
    if (echo || (framing != null && framing != Framing.LINE && framing != Framing.RAW)) {
      throw new Failure(
          ExitCode.USAGE,
          "--exec with --echo, or with --framing length or json",
          "a child takes lines or raw bytes");
    }
    command();
  }

  /** Refuses to run children for strangers unawares. */
  void requireAccess(InetSocketAddress at, SocketFlags flags, Posthorn root) throws Failure {
    if (isWanted()) {
      access.require("run " + (program != null ? program : shell), at, flags, root);
    }
  }

  private ChildCommand command() throws Failure {
    String text = shell != null ? shell : program;
    if (text != null && !Words.fit(text)) {
      throw new Failure(
          ExitCode.BAD_DATA,
          "\"" + TextSafety.visible(text) + "\" can be no command in this locale",
          Words.REMEDY);
    }
    if (shell != null) {
      return ChildCommand.ofShell(shell);
    }
    try {
      return ChildCommand.of(program == null ? "" : program);
    } catch (IllegalArgumentException wrong) {
      throw new Failure(
          ExitCode.USAGE, "--exec: " + wrong.getMessage(), "give a program and its arguments");
    }
  }

  /** What serves the clients of a socket, once it is run. */
  ExecServer server(MessageSocket socket, boolean once, @Nullable Framing framing, Output output)
      throws Failure {
    Integer most = maxClients;
    ExecServer.Settings settings =
        new ExecServer.Settings(command(), most == null ? 200 : most, once, framing != Framing.RAW);
    return new ExecServer(socket, settings, journal(output));
  }

  /** Says on standard error what happens. */
  static ExecServer.Journal journal(Output output) {
    return new ExecServer.Journal() {
      @Override
      public void error(String text) {
        output.error(text);
      }

      @Override
      public void detail(String text) {
        output.detail(text);
      }

      @Override
      public ExecServer.ChildErrors childErrors() {
        TerminalText shown = new TerminalText();
        return new ExecServer.ChildErrors() {
          @Override
          public void write(byte[] bytes) {
            output.errorBytes(output.errIsTerminal() ? shown.show(bytes) : bytes);
          }

          @Override
          public void end() {
            output.errorBytes(shown.finish());
          }
        };
      }
    };
  }

  /** Serves until interrupted, or one client. */
  void serve(ExecServer server) throws Failure, IOException, InterruptedException {
    IOException notStarted = server.run();
    if (notStarted != null) {
      throw new Failure(
          ExitCode.UNAVAILABLE,
          "the command did not start: "
              + TextSafety.visible(String.valueOf(notStarted.getMessage())),
          "check its name and who may run it",
          notStarted);
    }
  }
}
