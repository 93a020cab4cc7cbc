package io.posthorn.cli;

import io.posthorn.cli.sockets.ControlFolder;
import io.posthorn.cli.sockets.LocalText;
import io.posthorn.cli.sockets.PortNames;
import io.posthorn.cli.sockets.SocketRow;
import io.posthorn.cli.sockets.SocketSurvey;
import io.posthorn.cli.sockets.SocketTable;
import io.posthorn.cli.sockets.SystemSockets;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ProtocolFamily;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code posthorn sockets}: the table of active sockets and connections. */
@Command(
    name = "sockets",
    description = {
      "Lists the sockets and connections of all running posthorn programs of this user, and with -a"
          + " also the UDP and TCP sockets that the operating system knows of.",
      "",
      "Ports are named with their class (well-known, registered, ephemeral; RFC 6335) and the"
          + " service in /etc/services. Programs tell of themselves through Unix-domain sockets in"
          + " a folder that only their user may enter.",
      "With -4 or -6 those that have a peer of that family, or hear it."
    })
final class SocketsCommand implements Callable<Integer> {
  private static final int DEFAULT_COLUMNS = 200;

  private final Posthorn root;

  @Option(
      names = {"-a", "--all"},
      description = "Those of the operating system too.")
  private boolean all;

  @Option(
      names = {"-t", "--tcp"},
      description = "TCP only; with -u both. Implies -a.")
  private boolean tcp;

  @Option(
      names = {"-u", "--udp"},
      description = "UDP only: Posthorn's, and the operating system's with -a.")
  private boolean udp;

  @Option(
      names = {"-l", "--listening"},
      description = "Only those that wait for others.")
  private boolean listening;

  @Option(
      names = {"-p", "--processes"},
      description = "The processes of the operating system's sockets too.")
  private boolean processes;

  @Option(
      names = "--watch",
      paramLabel = "SECS",
      arity = "0..1",
      fallbackValue = "1",
      converter = Quantity.Time.class,
      description = "Again and again, each second or in so many seconds.")
  private @Nullable Duration watch;

  SocketsCommand(Posthorn root) {
    this.root = root;
  }

  @Override
  public Integer call() throws Exception {
    Output output = root.output(false);
    SystemSockets system = new SystemSockets(Path.of("/proc"));
    boolean asksSystem = all || tcp;
    if (!asksSystem) {
      TypedOptions.refuse(
          root.asked(),
          "without -a or -t: only the system's sockets have processes to look for",
          "give -a too, or leave it out",
          "-p");
    }
    if (asksSystem && !system.isAvailable()) {
      throw new Failure(
          ExitCode.UNAVAILABLE,
          "this system has no /proc/net with its sockets",
          "leave out -a and -t; the system's own netstat lists the rest");
    }
    SocketTable table =
        new SocketTable(
            new PortNames(
                Path.of("/etc/services"), Path.of("/proc/sys/net/ipv4/ip_local_port_range")));
    Duration step = watch;
    if (step == null) {
      print(rows(asksSystem, system), table, output, false);
      return ExitCode.OK.status();
    }
    return root.signals()
        .statusOf(
            () -> {
              while (true) {
                print(rows(asksSystem, system), table, output, true);
                TimeUnit.NANOSECONDS.sleep(Math.max(step.toNanos(), 50_000_000));
              }
            });
  }

  private List<SocketRow> rows(boolean asksSystem, SystemSockets system)
      throws Failure, InterruptedIOException {
    List<SocketRow> rows = new ArrayList<>();
    try {
      if (!tcp || udp) {
        rows.addAll(SocketSurvey.ask(ControlFolder.path(root.streams().environment())));
      }
      if (asksSystem) {
        addSystem(system.read(processes), rows);
      }
    } catch (InterruptedIOException stopped) {
      throw stopped;
    } catch (IOException unusable) {
      throw new Failure(ExitCode.REFUSED, String.valueOf(unusable.getMessage()), "", unusable);
    }
    if (listening) {
      rows.removeIf(row -> !row.state().equals("listening"));
    }
    ProtocolFamily family = root.everywhere().family().protocol();
    if (family != null) {
      rows.removeIf(row -> !isOf(family, row));
    }
    return rows;
  }

  /** Whether it has peers of a family, or hears them. */
  static boolean isOf(ProtocolFamily family, SocketRow row) {
    boolean hears = row.remote().isEmpty() || row.state().equals("listening");
    return (hears && LocalText.has(row.local(), family))
        || (!row.remote().isEmpty() && LocalText.has(row.remote(), family));
  }

  /** Adds the system's, but for those of which a program has told more itself. */
  private void addSystem(List<SocketRow> found, List<SocketRow> rows) {
    for (SocketRow row : untold(found, rows)) {
      if (tcp == udp || row.protocol().equals(tcp ? "tcp" : "udp")) {
        rows.add(row);
      }
    }
  }

  /**
   * The system's sockets of which no program has told more itself. Others may have the same port at
   * another address of this machine.
   */
  static List<SocketRow> untold(List<SocketRow> found, List<SocketRow> told) {
    Set<String> endpoints = new HashSet<>();
    for (SocketRow row : told) {
      endpoints.add(LocalText.withoutFamily(row.local()));
    }
    List<SocketRow> untold = new ArrayList<>(found);
    untold.removeIf(
        row ->
            row.protocol().equals("udp")
                && row.remote().isEmpty()
                && endpoints.contains(LocalText.withoutFamily(row.local())));
    return untold;
  }

  /** A row a line; of those who look again and again, all rows of one look in one object. */
  private static void tell(List<SocketRow> rows, SocketTable table, Output output, boolean again)
      throws IOException {
    if (again) {
      JsonText look = new JsonText().beginObject().put("time", Instant.now().toString());
      look.beginArray("sockets");
      rows.forEach(row -> look.add(table.json(row)));
      output.line(look.endArray().endObject().toString());
    } else {
      for (SocketRow row : rows) {
        output.line(table.json(row).toString());
      }
    }
    output.flush();
  }

  private void print(List<SocketRow> rows, SocketTable table, Output output, boolean again)
      throws IOException {
    if (output.isJson()) {
      tell(rows, table, output, again);
      return;
    }
    boolean redraw = again && output.outIsTerminal();
    StringBuilder screen = new StringBuilder(redraw ? "\u001b[H" : "");
    int columns = redraw ? TerminalSize.columns(root.streams(), DEFAULT_COLUMNS) : 0;
    int lines = redraw ? TerminalSize.lines(root.streams(), 1_000) - 1 : Integer.MAX_VALUE;
    for (String line : table.lines(rows)) {
      if (lines-- > 0) {
        String text = TextSafety.visible(line);
        screen
            .append(redraw && text.length() > columns ? text.substring(0, columns) : text)
            .append(redraw ? "\u001b[K\n" : "\n");
      }
    }
    screen.append(redraw ? "\u001b[J" : again ? "\n" : "");
    byte[] bytes = screen.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8);
    output.write(bytes, 0, bytes.length);
    output.flush();
    if (rows.isEmpty() && !again) {
      boolean some = listening || root.everywhere().family().protocol() != null;
      output.note(
          "no posthorn program of this user has "
              + (some ? "such a socket" : "a socket")
              + " open");
    }
  }
}
