package io.posthorn.cli;

import io.posthorn.MessageSocket;
import io.posthorn.MessageSocketBuilder;
import io.posthorn.Mode;
import io.posthorn.cli.session.Application;
import io.posthorn.simulation.LinkConditions;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
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

  Mode mode() {
    return plain ? Mode.PLAIN : Mode.RELIABLE;
  }

  boolean isPlain() {
    return plain;
  }

  /** Opens a socket that listens at an address. */
  MessageSocket openListener(InetSocketAddress at, boolean streaming, Application application)
      throws Failure {
    try {
      MessageSocket socket =
          builder().bind(at).streaming(streaming).application(application.words()).open();
      RunningSockets.ofProcess().add(socket, true);
      return socket;
    } catch (IOException failed) {
      throw Failures.ofBind(failed, at);
    }
  }

  /** Opens a socket at any free port. */
  MessageSocket openAnywhere(@Nullable Duration handshakeTimeout) throws IOException {
    return openAnywhere(handshakeTimeout, Application.OTHER);
  }

  /** Opens a socket at any free port, which tells its peers what it speaks. */
  MessageSocket openAnywhere(@Nullable Duration handshakeTimeout, Application application)
      throws IOException {
    MessageSocketBuilder builder = builder().application(application.words());
    if (handshakeTimeout != null) {
      builder.handshakeTimeout(handshakeTimeout);
    }
    MessageSocket socket = builder.open();
    RunningSockets.ofProcess().add(socket, false);
    return socket;
  }

  private MessageSocketBuilder builder() {
    MessageSocketBuilder builder =
        MessageSocket.builder().mode(mode()).socketReceiveBytes(RECEIVE_QUEUE_BYTES);
    LinkConditions conditions = impairment;
    if (conditions != null) {
      builder.impair(conditions).impairSeed(seed);
    }
    return builder;
  }
}
