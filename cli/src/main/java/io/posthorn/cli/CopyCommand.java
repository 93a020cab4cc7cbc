package io.posthorn.cli;

import io.posthorn.AddressText;
import io.posthorn.Connection;
import io.posthorn.MessageSocket;
import io.posthorn.TransportException;
import io.posthorn.cli.files.BreachException;
import io.posthorn.cli.files.CopyTotals;
import io.posthorn.cli.files.FileSender;
import io.posthorn.cli.files.RelativeName;
import io.posthorn.cli.files.SourceTree;
import io.posthorn.cli.files.Utf8Name;
import io.posthorn.cli.session.Application;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code posthorn copy}: files and folders to a {@code posthorn receive}. */
@Command(
    name = "copy",
    description = {
      "Copies files and whole folders to a \"posthorn receive\", with their times and permissions,"
          + " each verified by its hash.",
      "",
      "After a cut the same command goes on where it stopped. A file that is there already, with"
          + " the same size and time, is not sent again; another one of the same name is not"
          + " replaced.",
      "Of a symbolic link to a file the file is copied. A link to a folder is not followed: it is"
          + " said not to be copied, and the exit status is then 65."
    })
final class CopyCommand implements Callable<Integer> {
  private static final Duration AFTER_STOP = Duration.ofMillis(500);
  private static final Duration LAST_WORDS = Duration.ofSeconds(10);

  private final Posthorn root;

  @Parameters(
      arity = "0..*",
      paramLabel = "FILE... HOST:PORT[/DIR]",
      hideParamSyntax = true,
      description = {
        "What to copy, - for standard input; then where to: localhost:9000, [::1]:9000, and perhaps"
            + " a folder there. A host and a port may stand in two words."
      })
  private List<String> words = List.of();

  @Mixin private SocketFlags flags = new SocketFlags();

  @Mixin private AnswerTimeout timeout = new AnswerTimeout();

  @Option(
      names = "--limit-rate",
      paramLabel = "RATE",
      converter = Quantity.BitRate.class,
      description = "At most so many bits of content a second, such as 10mbit.")
  private @Nullable Double limitRate;

  @Option(
      names = "--checksum",
      description = "Compare files by their content, not by size and time.")
  private boolean checksum;

  @Option(
      names = "--exclude",
      paramLabel = "GLOB",
      description = {
        "Leave out files and folders of such a name, as *.o, or of such a path, as src/*.o; may be"
            + " given again."
      })
  private List<String> excluded = new ArrayList<>();

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "What standard input is called there; default stdin.")
  private String stdinName = "stdin";

  @Mixin private QuietFlag quiet = new QuietFlag();

  @Spec private @Nullable CommandSpec command;

  CopyCommand(Posthorn root) {
    this.root = root;
  }

  /**
   * Where to.
   *
   * @param address of the receiver
   * @param folder below its folder; may be empty
   * @param sources how many of the words name what to copy
   */
  private record Target(EndpointAddress address, String folder, int sources) {}

  private Target target() throws Failure {
    String last = words.get(words.size() - 1);
    int before = words.size() - 2;
    boolean twoWords =
        words.size() > 2
            && last.matches("\\d{1,5}(/.*)?")
            && EndpointAddress.lacksPort(words.get(before))
            && !isThere(words.get(before));
    int slash = last.indexOf('/');
    String address = slash < 0 ? last : last.substring(0, slash);
    String folder = slash < 0 ? "" : last.substring(slash + 1);
    while (folder.endsWith("/")) {
      folder = folder.substring(0, folder.length() - 1);
    }
    String refusal = folder.isEmpty() ? null : RelativeName.refusal(folder);
    if (refusal != null) {
      throw usage("folder \"" + folder + "\": " + refusal, "name one below the receiver's folder");
    }
    return twoWords
        ? new Target(EndpointAddress.ofTwoWords(words.get(before), address), folder, before)
        : new Target(EndpointAddress.ofPeer(address), folder, words.size() - 1);
  }

  private static boolean isThere(String word) {
    try {
      return Files.exists(Utf8Name.path(word));
    } catch (InvalidPathException noPath) {
      return false;
    }
  }

  private static Failure usage(String what, String remedy) {
    return new Failure(ExitCode.USAGE, what, remedy);
  }

  @Override
  public Integer call() throws Exception {
    Output output = root.output(quiet);
    if (words.size() < 2) {
      throw usage(
          "what to copy, or where to, is missing", "write it like copy FILE 192.0.2.1:9000");
    }
    Target target = target();
    List<String> sources = words.subList(0, target.sources);
    boolean stdin = sources.contains("-");
    if (stdin && sources.size() > 1) {
      throw usage("standard input and files together", "copy one after the other");
    }
    if (stdin) {
      TypedOptions.refuse(
          command,
          "with standard input, which is sent whole as it comes",
          "leave it out",
          "--exclude",
          "--checksum");
    } else {
      TypedOptions.refuse(
          command,
          "with files, which keep their names",
          "leave it out, or copy - for standard input",
          "--name");
    }
    if (flags.isPlain()) {
      throw usage("files in plain mode, which promises nothing", "leave out --plain");
    }
    String refusal = stdin ? RelativeName.refusal(stdinName) : null;
    if (refusal != null) {
      throw usage("--name: " + refusal, "take a plain name");
    }
    SourceTree tree = stdin ? null : tree(sources);
    InetSocketAddress peer = target.address.resolve(root.everywhere().family());
    try (MessageSocket socket = flags.openAnywhere(timeout.asked(), Application.COPY)) {
      return root.signals()
          .statusOf(() -> copy(socket.connect(peer), peer, target.folder, tree, output));
    }
  }

  private SourceTree tree(List<String> sources) throws Failure {
    List<Path> paths = new ArrayList<>();
    for (String source : sources) {
      if (!isThere(source)) {
        throw new Failure(
            ExitCode.NO_INPUT,
            source + ": no such file or folder",
            "check the name; the last word is where to");
      }
      paths.add(Utf8Name.path(source));
    }
    SourceTree tree;
    try {
      tree = new SourceTree(paths, excluded);
    } catch (IllegalArgumentException wrong) {
      throw usage("--exclude: " + wrong.getMessage(), "take a pattern such as '*.o'");
    }
    String shared = tree.sharedName();
    if (shared != null) {
      throw usage(
          "two of the sources are called " + shared,
          "copy one after the other, each into its own folder: HOST:PORT/DIR");
    }
    return tree;
  }

  private int copy(
      Connection connection,
      InetSocketAddress peer,
      String folder,
      @Nullable SourceTree tree,
      Output output)
      throws Exception {
    if (Application.of(connection) != Application.RECEIVE) {
      connection.close(
          ExitCode.PROTOCOL.status(), "posthorn copy needs a posthorn receive", AFTER_STOP);
      throw new Failure(
          ExitCode.PROTOCOL,
          AddressText.of(peer) + " takes no files",
          "start \"posthorn receive\" there");
    }
    Pacer pacer = new Pacer(Duration.ZERO, limitRate == null ? 0 : limitRate);
    long startNanos = System.nanoTime();
    int columns = output.showsProgress() ? TerminalWidth.columns(root.streams().environment()) : 0;
    CopyProgress progress = new CopyProgress(output, connection, columns);
    FileSender sender =
        new FileSender(
            connection, new FileSender.Settings(folder, checksum, pacer::await), progress);
    String how = "stopped: ";
    try {
      if (tree == null) {
        sender.send(root.streams().in(), stdinName);
      } else {
        sender.send(tree);
      }
      Closing.of(connection, LAST_WORDS).await();
      how = "";
    } catch (InterruptedIOException | InterruptedException interrupted) {
      connection.close(ExitCode.TRY_AGAIN.status(), "interrupted", AFTER_STOP);
      throw interrupted;
    } catch (BreachException breach) {
      how = "stopped: ";
      throw new Failure(ExitCode.PROTOCOL, String.valueOf(breach.getMessage()), "", breach);
    } catch (TransportException gone) {
      how = "cut: ";
      Failure failure = Failures.of(gone);
      throw new Failure(
          failure.code(),
          failure.what(),
          "the same command again goes on where this one stopped",
          gone);
    } finally {
      progress.end();
      summarise(sender.totals(), peer, how, startNanos, output);
    }
    return sender.firstCode();
  }

  private static void summarise(
      CopyTotals totals, InetSocketAddress peer, String how, long startNanos, Output output)
      throws java.io.IOException {
    double seconds = (System.nanoTime() - startNanos) / 1e9;
    if (output.isJson()) {
      output.line(
          new JsonText()
              .beginObject()
              .beginObject("copied")
              .put("to", AddressText.of(peer))
              .put("entries", totals.stored())
              .put("thereBefore", totals.there())
              .put("failed", totals.failed())
              .put("bytes", totals.bytes())
              .put("sentBytes", totals.sentBytes())
              .put("seconds", seconds)
              .endObject()
              .endObject()
              .toString());
      output.flush();
      return;
    }
    StringBuilder text = new StringBuilder(how).append("copied ").append(totals.stored());
    text.append(totals.stored() == 1 ? " file" : " files and folders");
    if (totals.there() > 0) {
      text.append(" (").append(totals.there()).append(" there already)");
    }
    text.append(", ").append(Quantity.bytes((double) totals.bytes()));
    if (totals.sentBytes() < totals.bytes()) {
      text.append(", ").append(Quantity.bytes((double) totals.sentBytes())).append(" of it sent");
    }
    text.append(", to ").append(AddressText.of(peer)).append(" in ");
    text.append(String.format(java.util.Locale.ROOT, "%.1f s", seconds));
    if (totals.failed() > 0) {
      text.append("; ").append(totals.failed()).append(" failed");
    }
    output.note(text.toString());
  }
}
