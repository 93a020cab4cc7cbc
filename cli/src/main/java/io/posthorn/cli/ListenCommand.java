package io.posthorn.cli;

import io.posthorn.AddressText;
import io.posthorn.CloseReport;
import io.posthorn.Connection;
import io.posthorn.ConnectionListener;
import io.posthorn.Delivery;
import io.posthorn.Message;
import io.posthorn.MessageSocket;
import io.posthorn.Mode;
import io.posthorn.cli.exec.ExecServer;
import io.posthorn.cli.session.Application;
import io.posthorn.cli.session.SessionControl;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code posthorn listen}: prints the messages that arrive at a port. */
@Command(
    name = "listen",
    description = {
      "Prints the messages that arrive at a port, each on its line.",
      "",
      "Without a host it listens at all addresses, with -4 or 0.0.0.0 at those of IPv4, with -6 at"
          + " those of IPv6; port 0 takes one that is free. The address is said on standard error.",
      "Standard input goes to the peer who connected or spoke last, as it comes.",
      "In reliable mode it answers the pings of \"posthorn ping\", which come on channel 63, and"
          + " prints nothing of them."
    })
final class ListenCommand implements Callable<Integer> {
  private static final Duration POLL = Duration.ofMillis(20);
  private static final long DRAIN_NANOS = 2_000_000_000L;

  private final Posthorn root;

  @Parameters(
      arity = "0..2",
      paramLabel = "[HOST:]PORT",
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
      description = "Write the messages to a file instead, made anew.")
  private @Nullable Path file;

  @Mixin private QuietFlag quiet = new QuietFlag();

  private final EchoEnds echoEnds = new EchoEnds();
  private final LaterAnswers laterAnswers = new LaterAnswers();
  private final OneSender oneSender = new OneSender();
  private @Nullable TalkBack talkBack;
  private long messages;
  private long bytes;

  ListenCommand(Posthorn root) {
    this.root = root;
  }

  @Override
  public Integer call() throws Exception {
    Output output = root.output(quiet);
    Framing how = framing != null ? framing : output.isJson() ? Framing.JSON : Framing.LINE;
    exec.check(flags, echo, framing, root);
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
    try (MessageSocket socket = open(streaming, Application.LISTEN, exec.maxClients());
        MessageWriter writer = new MessageWriter(how, output, file)) {
      // Standard input may be the very socket that is passed.
      if (!echo && !where.isEmpty() && StandardInput.mayBeRead()) {
        TalkBack back = new TalkBack(socket, root.streams().in(), output);
        back.start();
        talkBack = back;
      }
      if (!flags.isPlain()) {
        socket.onConnection(new SenderWatch());
      }
      Signals.ofProcess().interruptMe();
      try {
        output.note(
            "listening on "
                + AddressText.of(socket.localAddress())
                + (flags.isPlain() ? ", plain" : ", reliable"));
        tellReady(socket);
        serve(socket, writer, output);
      } catch (InterruptedIOException stopped) {
        if (!Signals.ofProcess().isStopping()) {
          throw stopped;
        }
        Thread.interrupted();
        drain(socket, writer, output);
      } finally {
        Signals.ofProcess().leaveMe();
        SystemdNotify.stopping(root.streams().environment());
      }
      writer.flush();
      socket.close(socket.linger());
      new ListenSummary(messages, bytes, null).tell(socket.statistics(), output);
    } finally {
      TalkBack back = talkBack;
      if (back != null) {
        back.end();
      }
    }
    return ExitCode.OK.status();
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
    exec.requireAccess(local.at(), flags, root);
    return flags.openListener(local, streaming, application, maxConnections);
  }

  private void tellReady(MessageSocket socket) {
    SystemdNotify.ready(
        root.streams().environment(), "listening on " + AddressText.of(socket.localAddress()));
  }

  private int serveChildren(Output output) throws Exception {
    try (MessageSocket socket = open(false, Application.EXEC, null)) {
      ExecServer server = exec.server(socket, once, framing, output);
      Signals.ofProcess().interruptMe();
      try {
        output.note(
            "listening on "
                + AddressText.of(socket.localAddress())
                + ", reliable, a child for each client");
        tellReady(socket);
        exec.serve(server);
      } catch (InterruptedIOException | InterruptedException stopped) {
        if (!Signals.ofProcess().isStopping()) {
          throw stopped;
        }
        Thread.interrupted();
      } finally {
        Signals.ofProcess().leaveMe();
        SystemdNotify.stopping(root.streams().environment());
      }
      socket.close(socket.linger());
      ListenSummary.of(server.totals()).tell(socket.statistics(), output);
    }
    return ExitCode.OK.status();
  }

  private final class SenderWatch implements ConnectionListener {
    @Override
    public void opened(Connection connection) {
      boolean mayBeServed = oneSender.opened(connection);
      TalkBack back = talkBack;
      if (back != null && (mayBeServed || !once)) {
        back.opened(connection);
      }
    }

    @Override
    public void closed(Connection connection, CloseReport report) {
      TalkBack back = talkBack;
      if (back != null) {
        back.closed(connection);
      }
      oneSender.closed(connection);
    }
  }

  private void serve(MessageSocket socket, MessageWriter writer, Output output) throws IOException {
    while (true) {
      Message message = socket.receive(Duration.ZERO);
      if (message == null) {
        writer.flush();
        if (once && isServed(socket)) {
          // What came before the end of the connection is here by now.
          drain(socket, writer, output);
          return;
        }
        message = once ? socket.receive(POLL) : socket.receive();
        if (message == null) {
          continue;
        }
      }
      take(socket, message, writer, output);
    }
  }

  private boolean isServed(MessageSocket socket) {
    return socket.mode() == Mode.PLAIN ? messages > 0 : oneSender.isEnded();
  }

  /** Takes what has arrived; whoever goes on sending does not hold up the end for ever. */
  private void drain(MessageSocket socket, MessageWriter writer, Output output) throws IOException {
    long startNanos = System.nanoTime();
    while (System.nanoTime() - startNanos < DRAIN_NANOS
        && !(once && flags.isPlain() && messages > 0)) {
      Message message = socket.receive(Duration.ZERO);
      if (message == null) {
        return;
      }
      take(socket, message, writer, output);
    }
  }

  private void take(MessageSocket socket, Message message, MessageWriter writer, Output output)
      throws IOException {
    Connection from = socket.mode() == Mode.RELIABLE ? message.connection() : null;
    Connection session = from != null && isSession(from) ? from : null;
    if (socket.mode() == Mode.RELIABLE && message.channel() == SocketFlags.PING_CHANNEL) {
      if (session != null) {
        onControl(session, message, output);
        return;
      }
      if (from != null && laterAnswers.take(from, message)) {
        return;
      }
      reply(socket, message, output);
      return;
    }
    if (once && socket.mode() == Mode.RELIABLE && !oneSender.takes(message.connection())) {
      refuse(message.connection(), output);
      return;
    }
    messages++;
    bytes += message.size();
    if (output.isVerbose()) {
      output.detail(message.size() + " bytes from " + AddressText.of(message.from()));
    }
    TalkBack back = talkBack;
    if (back != null) {
      back.heard(message, from);
    }
    try {
      if (session != null) {
        writer.writeSession(message);
      } else {
        writer.write(message);
      }
    } catch (IOException failed) {
      if (!message.isStreamed() || Failures.of(failed).code() == ExitCode.BROKEN_PIPE) {
        throw failed;
      }
      output.problem("a message ended early: " + failed);
    }
    if (echo) {
      if (message.isStreamed()) {
        output.problem("a message too large for one piece was not sent back");
      } else {
        reply(socket, message, output);
        if (session != null) {
          tell(() -> echoEnds.echoed(session), output);
        }
      }
    }
  }

  private static void refuse(@Nullable Connection connection, Output output) {
    if (connection != null && connection.isOpen()) {
      output.detail(AddressText.of(connection.remoteAddress()) + " is refused: another is served");
      connection.close(ExitCode.TRY_AGAIN.status(), "busy: it serves one sender", Duration.ZERO);
    }
  }

  private static boolean isSession(Connection connection) {
    return Application.of(connection) == Application.CONNECT;
  }

  private void onControl(Connection session, Message message, Output output)
      throws InterruptedIOException {
    if (echo && SessionControl.parse(message.bytes()) instanceof SessionControl.End end) {
      tell(() -> echoEnds.ended(session, end), output);
    }
  }

  private interface Telling {
    void run() throws IOException;
  }

  /** Tells one peer something; what becomes of it must not end the others' service. */
  private static void tell(Telling telling, Output output) throws InterruptedIOException {
    try {
      telling.run();
    } catch (InterruptedIOException stopped) {
      throw stopped;
    } catch (IOException gone) {
      output.detail("a peer left early: " + TextSafety.visible(String.valueOf(gone.getMessage())));
    }
  }

  /** Sends a message back as it came; what becomes of one peer must not end the others' service. */
  private static void reply(MessageSocket socket, Message message, Output output)
      throws InterruptedIOException {
    try {
      Connection connection = message.connection();
      if (socket.mode() == Mode.RELIABLE && connection == null) {
        return; // the peer is gone
      }
      Delivery delivery =
          message.delivery() == Delivery.RELIABLE_LATEST
              ? Delivery.RELIABLE_ORDERED
              : message.delivery();
      Message answer =
          (connection == null ? Message.to(message.from()) : connection.message())
              .channel(message.channel())
              .delivery(delivery)
              .body(message.body());
      if (!delivery.isReliable()) {
        socket.trySend(answer);
      } else {
        socket.send(answer);
      }
    } catch (InterruptedIOException stopped) {
      throw stopped;
    } catch (IOException failed) {
      output.detail("no answer sent: " + TextSafety.visible(String.valueOf(failed.getMessage())));
    }
  }
}
