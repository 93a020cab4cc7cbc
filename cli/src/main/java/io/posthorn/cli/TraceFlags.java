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
      converter = OutputPath.class,
      description = {
        "Write each packet, loss and decision of reliable mode to a qlog file (.sqlog), for viewers"
            + " such as qvis."
      })
  private @Nullable Path trace;

  @Option(
      names = "--keylog",
      paramLabel = "FILE",
      converter = OutputPath.class,
      description = {
        "Append the secrets of each connection to FILE, so that \"posthorn trace\" can decrypt"
            + " captured packets. Whoever reads FILE can too."
      })
  private @Nullable Path keyLog;

  @Option(
      names = "--pcap",
      paramLabel = "FILE",
      converter = OutputPath.class,
      description = {
        "Write each datagram that is sent and received to FILE, in the format pcapng, for Wireshark"
            + " and \"posthorn trace\". With --impair, what is lost there is not in it."
      })
  private @Nullable Path pcap;

  private int sockets;

  /** Whether anything was asked for. */
  boolean any() {
    return trace != null || keyLog != null || pcap != null;
  }

  /** Sets what was asked for; one file a socket for traces and captures, one in all for secrets. */
  void apply(MessageSocketBuilder builder, boolean plain, Output output) throws Failure {
    sockets++;
    Path file = numbered(trace);
    Path secrets = keyLog;
    Path capture = numbered(pcap);
    if (plain && (file != null || secrets != null)) {
      throw new Failure(
          ExitCode.USAGE,
          (file != null ? "--trace" : "--keylog")
              + " is for reliable mode: plain mode has nothing but its datagrams",
          "take --pcap, which writes those");
    }
    if (capture != null) {
      builder.capture(capture);
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

  /** A file of these that cannot be written is told apart from other files. */
  void throwIfNotCreated(FileSystemException failed) throws Failure {
    String file = failed.getFile();
    for (Path own : new @Nullable Path[] {numbered(trace), numbered(pcap), keyLog}) {
      if (own != null && own.toString().equals(file)) {
        throw Failures.ofCreation(failed);
      }
    }
  }

  /** The file of the socket opened last: {@code t.sqlog}, then {@code t.2.sqlog}. */
  private @Nullable Path numbered(@Nullable Path first) {
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
