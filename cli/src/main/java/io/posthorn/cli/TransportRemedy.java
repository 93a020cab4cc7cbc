package io.posthorn.cli;

import io.posthorn.AddressText;
import io.posthorn.ChannelLimitException;
import io.posthorn.ConnectionClosedException;
import io.posthorn.ConnectionLimitException;
import io.posthorn.ConnectionLostException;
import io.posthorn.ConnectionRefusedException;
import io.posthorn.ConnectionTimeoutException;
import io.posthorn.MessageTooLargeException;
import io.posthorn.MessagesLostException;
import io.posthorn.PeerIdentityChangedException;
import io.posthorn.SecurityMismatchException;
import io.posthorn.TransportException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What whoever typed a command does about a connection that failed. The library's own advice is for
 * programmers: it speaks of modes and builders.
 */
final class TransportRemedy {
  private static final String AGAIN = "run it again if more is to be said";
  private static final String VERSIONS = "compare \"posthorn --version\" on both sides";

  private TransportRemedy() {}

  /** What to do, without a full stop; empty if nothing can be said. */
  static String of(TransportException thrown) {
    if (thrown instanceof ConnectionTimeoutException) {
      return "check that somebody listens there in reliable mode, with the same secret if there is"
          + " one, or ask "
          + doctor(thrown.peer());
    }
    if (thrown instanceof MessageTooLargeException large) {
      return large.limitBytes() >= 0
          ? "send it without --plain, or in smaller pieces"
          : "send it in smaller pieces; in order, which is the default, a \"posthorn listen\" that"
              + " prints by line or raw takes any size";
    }
    if (thrown instanceof ConnectionRefusedException
        || thrown instanceof ConnectionLimitException) {
      return "try later";
    }
    if (thrown instanceof ConnectionClosedException closed) {
      boolean wrongPlace =
          closed.isByPeer() && closed.applicationCode() == ExitCode.PROTOCOL.status();
      return wrongPlace ? "take the command that is for it, or correct the port" : AGAIN;
    }
    if (thrown instanceof ConnectionLostException lost) {
      return ofLost(lost);
    }
    if (thrown instanceof PeerIdentityChangedException) {
      return thrown.remedy().isEmpty()
          ? "\"posthorn keys list\" shows whose keys are known and revoked"
          : "give what \"posthorn keys show\" prints here to \"posthorn keys import\" there; if that"
              + " was done, look what it says of its files of keys";
    }
    if (thrown instanceof MessagesLostException) {
      return "send them again, if twice does no harm";
    }
    if (thrown instanceof ChannelLimitException) {
      return "take a lower --channel";
    }
    return thrown instanceof SecurityMismatchException
        ? "give both sides the same secret (--secret-file), or none; then " + VERSIONS
        : "";
  }

  private static String ofLost(ConnectionLostException lost) {
    return switch (lost.closeCause()) {
      case IDLE_TIMEOUT -> "the peer or the way to it is down: ask " + doctor(lost.peer());
      case PEER_RESTARTED -> AGAIN;
      case PROTOCOL -> VERSIONS;
      case INTERNAL -> "report it";
      default -> "";
    };
  }

  /** The command that finds out why a peer does not answer. */
  static String doctor(@Nullable InetSocketAddress peer) {
    return "\"posthorn doctor " + (peer == null ? "HOST:PORT" : AddressText.of(peer)) + "\"";
  }
}
