package io.posthorn.cli;

import io.posthorn.MessageSocket;
import io.posthorn.MessageSocketBuilder;
import io.posthorn.Mode;
import io.posthorn.SocketOptions;
import io.posthorn.cli.session.Application;
import io.posthorn.identity.IdentityFileException;
import io.posthorn.simulation.LinkConditions;
import java.io.IOException;
import java.net.ProtocolFamily;
import java.nio.file.FileSystemException;
import java.time.Duration;
import java.util.List;
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

  private static final long RECEIVE_QUEUE_BYTES =
      receiveQueueBytes(Runtime.getRuntime().maxMemory());
  private static final Duration LONGEST_IDLE = Duration.ofMinutes(10);
  private static final Duration HANDSHAKE_LEAST = Duration.ofMillis(100);
  private static final Duration HANDSHAKE_MOST = Duration.ofMinutes(10);

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

  @Mixin private TraceFlags traces = new TraceFlags();

  /** The command that these options belong to. */
  @Spec(Spec.Target.MIXEE)
  private @Nullable CommandSpec command;

  /** A program needs less than the library allows by itself. */
  static long receiveQueueBytes(long heapBytes) {
    return Math.min(
        64L << 20, SocketOptions.defaults(Mode.RELIABLE, heapBytes).socketReceiveBytes());
  }

  Mode mode() {
    return plain ? Mode.PLAIN : Mode.RELIABLE;
  }

  boolean isPlain() {
    return plain;
  }

  /** Opens a socket that listens at an address. */
  MessageSocket openListener(
      EndpointAddress.Local where, boolean streaming, Application application) throws Failure {
    return openListener(where, streaming, application, null);
  }

  /**
   * Opens a socket that listens at an address.
   *
   * @param maxConnections at once, or null for the usual number
   */
  MessageSocket openListener(
      EndpointAddress.Local where,
      boolean streaming,
      Application application,
      @Nullable Integer maxConnections)
      throws Failure {
    MessageSocketBuilder builder = listener(streaming, application, maxConnections);
    try {
      return opened(bound(builder, where), where.family());
    } catch (IdentityFileException failed) {
      throw Failures.of(failed);
    } catch (IOException failed) {
      throw Failures.ofBind(failed, where);
    }
  }

  /**
   * Opens one port of a bench server for both modes, the reliable socket first; with {@code
   * --plain} for that.
   */
  List<MessageSocket> openBoth(EndpointAddress.Local where) throws Failure {
    if (plain) {
      return List.of(openListener(where, false, Application.BENCH));
    }
    MessageSocketBuilder reliable = bound(listener(false, Application.BENCH, null), where);
    try {
      MessageSocket owner = opened(reliable.sharedPort(true), where.family());
      try {
        MessageSocketBuilder beside =
            MessageSocket.builder().mode(Mode.PLAIN).socketReceiveBytes(RECEIVE_QUEUE_BYTES);
        return List.of(owner, opened(beside.beside(owner), where.family()));
      } catch (IOException failed) {
        owner.close();
        throw failed;
      }
    } catch (IdentityFileException failed) {
      throw Failures.of(failed);
    } catch (IOException failed) {
      throw Failures.ofBind(failed, where);
    }
  }

  private static MessageSocketBuilder bound(
      MessageSocketBuilder builder, EndpointAddress.Local where) {
    ProtocolFamily family = where.family();
    return family == null
        ? builder.bind(where.at())
        : builder.bind(where.at()).protocolFamily(family);
  }

  /** Takes a socket that a service manager opened. */
  MessageSocket openInherited(
      InheritedSocket passed,
      boolean streaming,
      Application application,
      @Nullable Integer maxConnections)
      throws Failure {
    MessageSocketBuilder builder = listener(streaming, application, maxConnections);
    try {
      return opened(builder.inherited(passed.descriptor()), null);
    } catch (IdentityFileException failed) {
      throw Failures.of(failed);
    } catch (IOException failed) {
      throw passed.unusable(failed);
    }
  }

  private MessageSocket opened(MessageSocketBuilder builder, @Nullable ProtocolFamily family)
      throws IOException, Failure {
    MessageSocket socket = open(builder);
    root().sockets().addListener(socket, family);
    return socket;
  }

  private MessageSocket openedAnywhere(MessageSocketBuilder builder) throws IOException, Failure {
    MessageSocket socket = open(builder);
    root().sockets().add(socket);
    return socket;
  }

  private MessageSocket open(MessageSocketBuilder builder) throws IOException, Failure {
    try {
      return builder.open();
    } catch (FileSystemException failed) {
      traces.throwIfNotCreated(failed);
      throw failed;
    }
  }

  private MessageSocketBuilder listener(
      boolean streaming, Application application, @Nullable Integer maxConnections) throws Failure {
    try {
      MessageSocketBuilder builder =
          builder()
              .streaming(streaming)
              .application(application.words())
              // The smaller of both ends' counts: peers choose theirs, the doctor a long one.
              .idleTimeout(LONGEST_IDLE);
      if (maxConnections != null) {
        builder.maxConnections(maxConnections);
      }
      if (!plain) {
        builder.security(identity.ofListener(root()));
      }
      return builder;
    } catch (IOException failed) {
      throw Failures.of(failed);
    }
  }

  /**
   * Opens a socket at any free port.
   *
   * @param handshakeTimeout how long a peer may take to answer, as near as a socket allows; null
   *     for the usual time
   */
  MessageSocket openAnywhere(@Nullable Duration handshakeTimeout) throws IOException, Failure {
    return openAnywhere(handshakeTimeout, Application.OTHER);
  }

  /** Opens a socket at any free port, which tells its peers what it speaks. */
  MessageSocket openAnywhere(@Nullable Duration handshakeTimeout, Application application)
      throws IOException, Failure {
    return openedAnywhere(anywhere(handshakeTimeout, application));
  }

  /**
   * Opens a reliable socket at any free port whose connections send nothing for minutes where
   * nothing is to be said, so that it can be seen what the network makes of that.
   */
  MessageSocket openSilent(Duration handshakeTimeout) throws IOException, Failure {
    return openedAnywhere(
        anywhere(handshakeTimeout, Application.DOCTOR)
            .idleTimeout(LONGEST_IDLE)
            .keepAlive(LONGEST_IDLE.dividedBy(2).minusSeconds(1)));
  }

  private MessageSocketBuilder anywhere(
      @Nullable Duration handshakeTimeout, Application application) throws IOException, Failure {
    MessageSocketBuilder builder = builder().application(application.words());
    if (!plain) {
      builder.security(identity.ofClient(root()));
    }
    if (handshakeTimeout != null) {
      builder.handshakeTimeout(possible(handshakeTimeout));
    }
    return builder;
  }

  /** The time that is nearest to this and that a handshake may take. */
  static Duration possible(Duration asked) {
    Duration atLeast = asked.compareTo(HANDSHAKE_LEAST) < 0 ? HANDSHAKE_LEAST : asked;
    return atLeast.compareTo(HANDSHAKE_MOST) > 0 ? HANDSHAKE_MOST : atLeast;
  }

  /** Refuses a bad network, traces, keys and secrets where there is no socket of ours for them. */
  void requireUnchanged(String what, String remedy) throws Failure {
    if (impairment != null || traces.any() || identity.isGiven()) {
      throw new Failure(
          ExitCode.USAGE, "--impair, --trace, --keylog, --pcap, keys or a secret " + what, remedy);
    }
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

  private MessageSocketBuilder builder() throws Failure {
    if (plain) {
      identity.requireNone();
    }
    MessageSocketBuilder builder =
        MessageSocket.builder().mode(mode()).socketReceiveBytes(RECEIVE_QUEUE_BYTES);
    traces.apply(builder, plain, root().output(false));
    LinkConditions conditions = impairment;
    if (conditions != null) {
      builder.impair(conditions).impairSeed(seed);
    }
    return builder;
  }
}
