package io.posthorn.cli;

import io.posthorn.AddressText;
import io.posthorn.Connection;
import io.posthorn.ConnectionClosedException;
import io.posthorn.MessageSocket;
import io.posthorn.cli.files.FileReceiver;
import io.posthorn.cli.files.StreamReceiver;
import io.posthorn.cli.files.Utf8Name;
import io.posthorn.cli.session.Application;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code posthorn receive}: takes the files that {@code posthorn copy} sends. */
@Command(
    name = "receive",
    description = {
      "Takes files and folders from \"posthorn copy\" and stores them in a folder, this one unless"
          + " another is named.",
      "",
      "A file gets its name when it is whole, verified and on the disk. Nothing outside the folder"
          + " is touched and nothing in it replaced, unless --overwrite is given."
    })
final class ReceiveCommand implements Callable<Integer> {
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration LAST_WORDS = Duration.ofSeconds(10);
  private static final int MOST_SENDERS = 64;

  /** Less than a signal leaves a command to end. */
  private static final Duration TO_DISK = Duration.ofSeconds(5);

  private final Posthorn root;

  @Parameters(
      arity = "1..3",
      paramLabel = "[HOST:]PORT [DIR]",
      hideParamSyntax = true,
      description = {
        "Where to listen: 9000, localhost:9000, [::1]:9000, or a host and a port; and the folder."
      })
  private List<String> words = List.of();

  @Mixin private SocketFlags flags = new SocketFlags();

  @Mixin private AccessFlags access = new AccessFlags();

  @Option(names = "--overwrite", description = "Replace files that are there already.")
  private boolean overwrite;

  @Option(
      names = "--to-stdout",
      description = "Write the content of all files to standard output instead.")
  private boolean toStdout;

  @Option(
      names = {"-1", "--once"},
      description = "Serve one sender: end when it has.")
  private boolean once;

  @Mixin private QuietFlag quiet = new QuietFlag();

  private final List<Thread> threads = new ArrayList<>();
  private final AtomicInteger senders = new AtomicInteger();
  private final AtomicInteger served = new AtomicInteger();
  private final AtomicInteger incomplete = new AtomicInteger();

  /** Why standard output takes no more, where all content goes, or with --json the report. */
  private volatile @Nullable Failure outputFailure;

  ReceiveCommand(Posthorn root) {
    this.root = root;
  }

  @Override
  public Integer call() throws Exception {
    Output output = root.output(quiet);
    if (toStdout) {
      TypedOptions.refuse(
          root.asked(), "with --to-stdout, which stores no file", "leave it out", "--overwrite");
    }
    int addressWords = addressWords(words);
    int more = words.size() - addressWords;
    if (more > 1 || (more == 1 && toStdout)) {
      throw new Failure(
          ExitCode.USAGE,
          "too many words: " + TextSafety.visible(String.join(" ", words)),
          toStdout ? "--to-stdout needs no folder" : "give a port and a folder");
    }
    if (flags.isPlain()) {
      throw new Failure(
          ExitCode.USAGE, "files in plain mode, which promises nothing", "leave out --plain");
    }
    Path folder = folder(more == 1 ? words.get(words.size() - 1) : ".");
    EndpointAddress.Local local = where(words).resolveLocal(root.everywhere().family());
    access.authorize(flags, root);
    access.require(
        toStdout ? "write to standard output" : "write files into " + folder,
        local.at(),
        flags,
        root);
    try (MessageSocket socket = flags.openListener(local, false, Application.RECEIVE)) {
      String target = toStdout ? "standard output" : folder.toString();
      String note = "listening on " + local.text(socket.localAddress()) + ", files go to " + target;
      boolean unused =
          root.signals()
              .untilOneComes(
                  () -> {
                    output.note(note);
                    serve(socket, folder, output);
                  });
    }
    awaitThreads();
    Failure failed = outputFailure;
    if (failed != null) {
      throw failed;
    }
    return (incomplete.get() > 0 ? ExitCode.TRY_AGAIN : ExitCode.OK).status();
  }

  /** How many of the words say where to listen. */
  private static int addressWords(List<String> words) {
    boolean two =
        words.size() > 1
            && words.get(1).matches("\\d{1,5}")
            && !words.get(0).matches("\\d+")
            && EndpointAddress.lacksPort(words.get(0));
    return two ? 2 : 1;
  }

  /** Where to listen, in one word or two. */
  static EndpointAddress where(List<String> words) throws Failure {
    return EndpointAddress.ofWords(words.subList(0, addressWords(words)), 1, 1).get(0);
  }

  private Path folder(String name) throws Failure {
    if (toStdout) {
      return Path.of(".");
    }
    try {
      Path folder = Utf8Name.path(name);
      if (!Files.exists(folder)) {
        Files.createDirectory(folder);
      }
      Path real = folder.toRealPath();
      if (!Files.isDirectory(real)) {
        throw new Failure(ExitCode.CANNOT_CREATE, name + " is not a folder", "name a folder");
      }
      if (!Files.isWritable(real)) {
        throw new Failure(
            ExitCode.CANNOT_CREATE,
            "cannot write in " + name + ": permission denied",
            "check who may write there");
      }
      return real;
    } catch (InvalidPathException impossible) {
      throw new Failure(
          ExitCode.CANNOT_CREATE, name + ": no folder can have this name", "take another name");
    } catch (IOException failed) {
      throw new Failure(
          ExitCode.CANNOT_CREATE,
          "cannot make or use the folder " + name + ": " + Failures.of(failed).what(),
          "name one whose parent is there",
          failed);
    }
  }

  private void serve(MessageSocket socket, Path folder, Output output) throws IOException {
    while (!(once && served.get() > 0) && outputFailure == null) {
      boolean mayEnd = once || toStdout || output.isJson(); // by what one sender comes to
      Connection connection = mayEnd ? socket.accept(POLL) : socket.accept();
      if (connection == null) {
        continue;
      }
      boolean full = senders.incrementAndGet() > (once || toStdout ? 1 : MOST_SENDERS);
      Thread thread =
          new Thread(
              () -> {
                try {
                  take(connection, folder, full, output);
                } finally {
                  senders.decrementAndGet();
                }
              },
              "posthorn-receive-" + connection.remoteAddress().getPort());
      thread.setDaemon(true);
      threads.removeIf(one -> !one.isAlive());
      threads.add(thread);
      thread.start();
    }
  }

  /** What has arrived whole still gets to the disk and is told, now that no more can come. */
  private void awaitThreads() throws InterruptedException {
    long endNanos = System.nanoTime() + TO_DISK.toNanos();
    for (Thread thread : threads) {
      TimeUnit.NANOSECONDS.timedJoin(thread, endNanos - System.nanoTime());
    }
  }

  private void take(Connection connection, Path folder, boolean full, Output output) {
    String from = AddressText.of(connection.remoteAddress());
    try {
      if (full) {
        connection.close(
            ExitCode.TRY_AGAIN.status(), "busy: another sender is being served", LAST_WORDS);
      } else if (Application.of(connection) != Application.COPY) {
        connection.close(
            ExitCode.PROTOCOL.status(), "this port takes files of posthorn copy", LAST_WORDS);
      } else {
        receive(connection, folder, from, output);
      }
    } catch (IOException failed) {
      incomplete.incrementAndGet();
      served.incrementAndGet();
      if (failed instanceof OutputException unwritten) {
        endWith(unwritten.failure(), connection);
        return;
      }
      Failure failure = Failures.of(failed);
      boolean stopped = failed instanceof ConnectionClosedException closed && closed.isByPeer();
      output.error(from + (stopped ? " stopped before its end: " : ": ") + failure.what());
    } catch (RuntimeException fault) {
      incomplete.incrementAndGet();
      served.incrementAndGet();
      connection.close(ExitCode.INTERNAL.status(), "the receiver has a fault", LAST_WORDS);
      output.failure("receive " + from, Failures.of(fault));
    } finally {
      passOver(connection);
    }
  }

  /** Standard output takes no more: so this sender is the last. */
  private void endWith(Failure failure, Connection connection) {
    connection.close(
        ExitCode.IO.status(),
        failure.code() == ExitCode.BROKEN_PIPE
            ? "nobody reads the receiver's standard output"
            : "the receiver cannot write its standard output",
        LAST_WORDS);
    outputFailure = failure; // the command ends by it, and with it the socket
  }

  /** What nobody takes would stay in memory after the end of its connection. */
  private static void passOver(Connection connection) {
    connection.close(LAST_WORDS);
    try {
      boolean more = true;
      while (more) {
        more = connection.receive(Duration.ZERO) != null;
      }
    } catch (IOException nothingLeft) {
      return;
    }
  }

  private void receive(Connection connection, Path folder, String from, Output output)
      throws IOException {
    AtomicLong files = new AtomicLong();
    AtomicLong bytes = new AtomicLong();
    AtomicLong refused = new AtomicLong();
    boolean whole;
    if (toStdout) {
      StreamReceiver receiver = new StreamReceiver(connection, new ContentOut(output));
      whole = receiver.run();
      files.set(receiver.files());
      bytes.set(receiver.bytes());
    } else {
      FileReceiver.Journal journal =
          new FileReceiver.Journal() {
            @Override
            public void stored(String name, long size) {
              files.incrementAndGet();
              bytes.addAndGet(size);
              tell(output, from, name, size);
            }

            @Override
            public void refused(String name, String reason) {
              refused.incrementAndGet();
              if (output.isJson()) {
                output.error(refusalJson(from, name, reason));
              } else {
                output.error(from + ": " + name + ": " + reason);
              }
            }
          };
      whole =
          new FileReceiver(connection, folder, new FileReceiver.Settings(overwrite), journal).run();
    }
    awaitClose(connection);
    summarise(from, files.get(), bytes.get(), refused.get(), output);
    if (!whole || refused.get() > 0) {
      incomplete.incrementAndGet();
    }
    served.incrementAndGet();
  }

  private void summarise(String from, long files, long bytes, long refused, Output output)
      throws IOException {
    if (output.isJson()) {
      JsonText json =
          new JsonText()
              .beginObject()
              .beginObject("summary")
              .put("from", from)
              .put("files", files)
              .put("bytes", bytes)
              .put("refused", refused)
              .endObject()
              .endObject();
      if (toStdout) {
        output.note(json); // standard output is the content's
      } else {
        OutputException.writing(
            () -> {
              output.line(json.toString());
              output.flush();
            });
      }
      return;
    }
    output.note(
        from
            + ": "
            + (toStdout ? "" : files + (files == 1 ? " file, " : " files, "))
            + Quantity.bytes((double) bytes)
            + (refused > 0 ? "; " + refused + " refused" : ""));
  }

  private static JsonText refusalJson(String from, String name, String reason) {
    return new JsonText()
        .beginObject()
        .beginObject("refused")
        .put("from", from)
        .put("name", name)
        .put("reason", reason)
        .endObject()
        .endObject();
  }

  /** The sender closes when it has heard the last word. */
  private static void awaitClose(Connection connection) {
    try {
      connection.receive(LAST_WORDS);
    } catch (IOException closed) {
      return;
    }
  }

  private static void tell(Output output, String from, String name, long size) {
    if (!output.isJson()) {
      output.detail(from + ": " + name + ", " + Quantity.bytes((double) size));
      return;
    }
    try {
      output.line(
          new JsonText()
              .beginObject()
              .beginObject("received")
              .put("from", from)
              .put("name", name)
              .put("bytes", size)
              .endObject()
              .endObject()
              .toString());
      output.flush();
    } catch (IOException nobodyReads) {
      output.detail("nobody reads standard output");
    }
  }
}
