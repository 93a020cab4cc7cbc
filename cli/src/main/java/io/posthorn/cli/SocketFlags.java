package io.posthorn.cli;

import io.posthorn.MessageSocket;
import io.posthorn.MessageSocketBuilder;
import io.posthorn.Mode;
import io.posthorn.cli.session.Application;
import io.posthorn.identity.IdentityFileException;
import io.posthorn.simulation.LinkConditions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The options of every command that opens a socket, and the opening. */
final class SocketFlags {
  /**
   * Messages on this channel are pings: {@code listen} answers them and prints nothing of them. It
   * is the last of the 64, so that nobody meets it who counts from 0.
   */
  static final int PING_CHANNEL = 63;

  private static final long RECEIVE_QUEUE_BYTES = 64L << 20;

  @Option(
      names = {"-u", "--plain"},
      description = {
        "Plain mode: the payload is the datagram, and nothing is promised. Without it the mode is"
            + " reliable."
      })
  private boolean plain;

  @Option(
      names = "--impair",
      paramLabel = "SPEC",
      converter = Conditions.class,
      description = {
        "Put a bad network under the socket, in the words of tc-netem(8), such as \"delay 40ms"
            + " 10ms loss 5%%\", or a profile such as @lte."
      })
  private @Nullable LinkConditions impairment;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description =
          "What decides the fate of each datagram with --impair; default ${DEFAULT-VALUE}.")
  private long seed = 1;

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

  private int opened;

  /** Reads the language of bad networks. */
  static final class Conditions implements ITypeConverter<LinkConditions> {
    @Override
    public LinkConditions convert(String text) {
      try {
        return LinkConditions.parse(text);
      } catch (IllegalArgumentException wrong) {
        throw new TypeConversionException(String.valueOf(wrong.getMessage()));
      }
    }
  }

  @Mixin private IdentityFlags identity = new IdentityFlags();

  /** The command that these options belong to. */
  @Spec(Spec.Target.MIXEE)
  private @Nullable CommandSpec command;

  Mode mode() {
    return plain ? Mode.PLAIN : Mode.RELIABLE;
  }

  boolean isPlain() {
    return plain;
  }

  /** Opens a socket that listens at an address. */
  MessageSocket openListener(InetSocketAddress at, boolean streaming, Application application)
      throws Failure {
    return openListener(at, streaming, application, null);
  }

  /**
   * Opens a socket that listens at an address.
   *
   * @param maxConnections at once, or null for the usual number
   */
  MessageSocket openListener(
      InetSocketAddress at,
      boolean streaming,
      Application application,
      @Nullable Integer maxConnections)
      throws Failure {
    MessageSocketBuilder builder;
    try {
      builder = builder().bind(at).streaming(streaming).application(application.words());
      if (maxConnections != null) {
        builder.maxConnections(maxConnections);
      }
      if (!plain) {
        builder.security(identity.ofListener(root()));
      }
    } catch (IOException failed) {
      throw Failures.of(failed);
    }
    try {
      MessageSocket socket = builder.open();
      RunningSockets.ofProcess().add(socket, true);
      return socket;
    } catch (IdentityFileException failed) {
      throw Failures.of(failed);
    } catch (IOException failed) {
      throwIfNotCreated(failed);
      throw Failures.ofBind(failed, at);
    }
  }

  /** Opens a socket at any free port. */
  MessageSocket openAnywhere(@Nullable Duration handshakeTimeout) throws IOException, Failure {
    return openAnywhere(handshakeTimeout, Application.OTHER);
  }

  /** Opens a socket at any free port, which tells its peers what it speaks. */
  MessageSocket openAnywhere(@Nullable Duration handshakeTimeout, Application application)
      throws IOException, Failure {
    MessageSocketBuilder builder = builder().application(application.words());
    if (!plain) {
      builder.security(identity.ofClient(root()));
    }
    if (handshakeTimeout != null) {
      builder.handshakeTimeout(handshakeTimeout);
    }
    try {
      MessageSocket socket = builder.open();
      RunningSockets.ofProcess().add(socket, false);
      return socket;
    } catch (FileSystemException failed) {
      throwIfNotCreated(failed);
      throw failed;
    }
  }

  /** A trace or key log that cannot be written is a file of the user's own choice. */
  private void throwIfNotCreated(IOException failed) throws Failure {
    if (failed instanceof FileSystemException of
        && of.getFile() != null
        && (of.getFile().equals(String.valueOf(numbered(trace)))
            || of.getFile().equals(String.valueOf(keyLog)))) {
      throw Failures.ofCreation(of);
    }
  }

  /** The trace file of the socket opened last: each has its own. */
  private @Nullable Path numbered(@Nullable Path first) {
    if (first == null || opened < 2) {
      return first;
    }
    String name = String.valueOf(first.getFileName());
    int dot = name.lastIndexOf('.');
    String end = dot < 1 ? "" : name.substring(dot);
    return first.resolveSibling(
        name.substring(0, name.length() - end.length()) + "." + opened + end);
  }

  /** Who this side is and whom it takes for the other. */
  IdentityFlags identity() {
    return identity;
  }

  private Posthorn root() {
    CommandSpec mine = command;
    if (mine != null && mine.root().userObject() instanceof Posthorn root) {
      return root;
    }
    throw new IllegalStateException("called without picocli");
  }

  private void watch(MessageSocketBuilder builder) throws Failure {
    opened++;
    Path file = numbered(trace);
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
      if (opened == 1) {
        root()
            .output(false)
            .note(
                "the secrets of all connections go to "
                    + secrets
                    + ": whoever reads that file can read the messages");
      }
    }
  }

  private MessageSocketBuilder builder() throws Failure {
    if (plain) {
      identity.requireNone();
    }
    MessageSocketBuilder builder =
        MessageSocket.builder().mode(mode()).socketReceiveBytes(RECEIVE_QUEUE_BYTES);
    watch(builder);
    LinkConditions conditions = impairment;
    if (conditions != null) {
      builder.impair(conditions).impairSeed(seed);
    }
    return builder;
  }
}
