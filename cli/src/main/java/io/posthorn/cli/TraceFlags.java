package io.posthorn.cli;

import io.posthorn.MessageSocketBuilder;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that have a socket write down what it does. */
final class TraceFlags {
  @Option(
      names = "--trace",
      paramLabel = "FILE",
      description = {
        "Write each packet, loss and decision of reliable mode to a qlog file (.sqlog), for viewers"
            + " such as qvis."
      })
  private @Nullable Path trace;

  @Option(
      names = "--keylog",
      paramLabel = "FILE",
      description = {
        "Append the secrets of each connection to FILE, so that \"posthorn trace\" can decrypt"
            + " captured packets. Whoever reads FILE can too."
      })
  private @Nullable Path keyLog;

  private int sockets;

  /** Sets what was asked for; one file a socket for traces, one in all for secrets. */
  void apply(MessageSocketBuilder builder, boolean plain, Output output) throws Failure {
    sockets++;
    Path file = numbered();
    Path secrets = keyLog;
    if (plain && (file != null || secrets != null)) {
      throw new Failure(
          ExitCode.USAGE,
          (file != null ? "--trace" : "--keylog")
              + " is for reliable mode: plain mode has nothing but its datagrams",
          "leave it out, or capture them with tcpdump");
    }
    if (file != null) {
      builder.trace(file);
    }
    if (secrets != null) {
      builder.keyLog(secrets);
      if (sockets == 1) {
        output.note(
            "the secrets of all connections go to "
                + secrets
                + ": whoever reads that file can read the messages");
      }
    }
  }

  /** A trace or key log that cannot be written is told apart from other files. */
  void throwIfNotCreated(FileSystemException failed) throws Failure {
    String file = failed.getFile();
    if (file != null
        && (file.equals(String.valueOf(numbered())) || file.equals(String.valueOf(keyLog)))) {
      throw Failures.ofCreation(failed);
    }
  }

  /** The trace file of the socket opened last: {@code t.sqlog}, then {@code t.2.sqlog}. */
  private @Nullable Path numbered() {
    Path first = trace;
    if (first == null || sockets < 2) {
      return first;
    }
    String name = String.valueOf(first.getFileName());
    int dot = name.lastIndexOf('.');
    String end = dot < 1 ? "" : name.substring(dot);
    return first.resolveSibling(
        name.substring(0, name.length() - end.length()) + "." + sockets + end);
  }
}
