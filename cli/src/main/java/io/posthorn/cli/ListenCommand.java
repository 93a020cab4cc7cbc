package io.posthorn.cli;

import io.posthorn.MessageSocket;
import io.posthorn.cli.exec.ExecServer;
import io.posthorn.cli.session.Application;
import io.posthorn.cli.sockets.LocalText;
import java.net.ProtocolFamily;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code posthorn listen}: prints the messages that arrive at a port. */
@Command(
    name = "listen",
    description = {
      "Prints the messages that arrive at a port, each on its line.",
      "",
      "Without a host it listens at all addresses, with -4 or 0.0.0.0 at those of IPv4, with -6 at"
          + " those of IPv6; port 0 takes one that is free. The address is said on standard error.",
      "A message longer than 4 MiB is printed by line and raw as it comes; between its parts there"
          + " may be what others send, on lines of its own. It is not echoed.",
      "Standard input goes to the peer who connected or spoke last, as it comes.",
      "In reliable mode it answers the pings of \"posthorn ping\", which come on channel 63, and"
          + " prints nothing of them."
    })
final class ListenCommand implements Callable<Integer> {
  private final Posthorn root;

  @Parameters(
      arity = "0..2",
      paramLabel = "[[HOST:]PORT]",
      hideParamSyntax = true,
      description = {
        "Where to listen: 9000, localhost:9000, [::1]:9000, or a host and a port. Without it, at"
            + " the socket that systemd (ListenDatagram=) or inetd passes."
      })
  private List<String> where = List.of();

  @Mixin private SocketFlags flags = new SocketFlags();

  @Mixin private ExecFlags exec = new ExecFlags();

  @Option(names = "--echo", description = "Send each message back to where it came from.")
  private boolean echo;

  @Option(
      names = {"-1", "--once"},
      description = {
        "Serve one sender, the first that sends something: end when its connection ends, and refuse"
            + " what others send. In plain mode, which knows no connections, end after the first"
            + " message."
      })
  private boolean once;

  @Option(
      names = "--framing",
      paramLabel = "HOW",
      description = {
        "What stands between messages: line (default), length (each behind its length in four"
            + " bytes, big-endian), raw (nothing), json (one object a line)."
      })
  private @Nullable Framing framing;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      converter = OutputPath.class,
      description = "Write the messages to a file instead, made anew.")
  private @Nullable Path file;

  @Mixin private QuietFlag quiet = new QuietFlag();

  @Spec private @Nullable CommandSpec command;

  /** Whose addresses alone are listened at; null for both. */
  private @Nullable ProtocolFamily family;

  ListenCommand(Posthorn root) {
    this.root = root;
  }

  @Override
  public Integer call() throws Exception {
    Output output = root.output(quiet);
    Framing how = framing != null ? framing : output.isJson() ? Framing.JSON : Framing.LINE;
    if (!exec.isWanted()) {
      TypedOptions.refuse(
          command,
          "without --exec or --sh-exec, which alone need it",
          "leave it out: who reaches the port may send messages",
          "--allow-anyone");
    }
    exec.check(flags, echo, framing, root);
    if (flags.isPlain()) {
      TypedOptions.refuse(
          command, "in plain mode, which knows no clients", "leave it out, or --plain", "-m");
    }
    if (exec.isWanted()) {
      if (file != null) {
        throw new Failure(
            ExitCode.USAGE,
            "--output with --exec: what comes is the child's input",
            "have the child write the file");
      }
      return serveChildren(output);
    }
    // A message larger than what is taken in one piece has no known length to say in advance.
    boolean streaming = how == Framing.LINE || how == Framing.RAW;
    Integer asked = exec.maxClients();
    int most = asked != null ? asked : ListenServer.mostPeers(Runtime.getRuntime().maxMemory());
    try (MessageSocket socket = open(streaming, Application.LISTEN, most);
        MessageWriter writer = new MessageWriter(how, output, file)) {
      Printout printout = new Printout(writer);
      // Standard input may be the very socket that is passed.
      TalkBack back =
          !echo && !where.isEmpty() && StandardInput.mayBeRead()
              ? new TalkBack(socket, root.streams().in(), output)
              : null;
      try {
        if (flags.isPlain()) {
          servePlain(socket, back, printout, output);
        } else {
          serveReliable(socket, back, printout, output);
        }
        writer.flush();
      } finally {
        printout.end();
        if (back != null) {
          back.end();
        }
      }
      socket.close(socket.linger());
      printout.summary().tell(socket.statistics(), output);
    }
    return ExitCode.OK.status();
  }

  private String at(MessageSocket socket) {
    return LocalText.of(socket.localAddress(), family);
  }

  private void serveReliable(
      MessageSocket socket, @Nullable TalkBack back, Printout printout, Output output)
      throws Exception {
    ListenServer server =
        new ListenServer(socket, new ListenServer.Settings(echo, once, back), printout, output);
    server.begin();
    serve(socket, back, server::run, server::drain, output);
  }

  private void servePlain(
      MessageSocket socket, @Nullable TalkBack back, Printout printout, Output output)
      throws Exception {
    PlainListener listener =
        new PlainListener(socket, new ListenServer.Settings(echo, once, back), printout, output);
    serve(socket, back, listener::run, listener::drain, output);
  }

  /** Serves until the end; after a signal what has come is taken. */
  private void serve(
      MessageSocket socket,
      @Nullable TalkBack back,
      Signals.Work serving,
      Signals.Work drain,
      Output output)
      throws Exception {
    if (back != null) {
      back.start();
    }
    try {
      boolean ended =
          root.signals()
              .untilOneComes(
                  () -> {
                    output.note(
                        "listening on "
                            + at(socket)
                            + (flags.isPlain() ? ", plain" : ", reliable"));
                    tellReady(socket);
                    serving.run();
                  });
      if (!ended) {
        drain.run();
      }
    } finally {
      SystemdNotify.stopping(root.streams().environment());
    }
  }

  /** Opens the socket at the address given, or takes the one that is passed. */
  private MessageSocket open(
      boolean streaming, Application application, @Nullable Integer maxConnections) throws Failure {
    if (where.isEmpty()) {
      InheritedSocket passed =
          InheritedSocket.find(root.streams().environment(), ProcessHandle.current().pid());
      MessageSocket socket = flags.openInherited(passed, streaming, application, maxConnections);
      try {
        exec.requireAccess(socket.localAddress(), flags, root);
        return socket;
      } catch (Failure refused) {
        socket.close(Duration.ZERO);
        throw refused;
      }
    }
    EndpointAddress.Local local =
        EndpointAddress.ofWords(where, 1, 1).get(0).resolveLocal(root.everywhere().family());
    family = local.family();
    exec.requireAccess(local.at(), flags, root);
    return flags.openListener(local, streaming, application, maxConnections);
  }

  private void tellReady(MessageSocket socket) {
    SystemdNotify.ready(root.streams().environment(), "listening on " + at(socket));
  }

  private int serveChildren(Output output) throws Exception {
    try (MessageSocket socket = open(false, Application.EXEC, null)) {
      ExecServer server = exec.server(socket, once, framing, output);
      try {
        boolean unused =
            root.signals()
                .untilOneComes(
                    () -> {
                      output.note(
                          "listening on " + at(socket) + ", reliable, a child for each client");
                      tellReady(socket);
                      exec.serve(server);
                    });
      } finally {
        SystemdNotify.stopping(root.streams().environment());
      }
      socket.close(socket.linger());
      ListenSummary.of(server.totals()).tell(socket.statistics(), output);
    }
    return ExitCode.OK.status();
  }
}
