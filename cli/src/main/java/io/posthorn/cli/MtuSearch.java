package io.posthorn.cli;

import io.posthorn.AddressText;
import io.posthorn.Connection;
import io.posthorn.ConnectionTimeoutException;
import io.posthorn.MessageSocket;
import io.posthorn.cli.probe.MtuProbe;
import io.posthorn.cli.probe.PeerChecks;
import io.posthorn.cli.probe.ReliablePathMtu;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.channels.ClosedByInterruptException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** {@code posthorn ping -M}: the largest datagram that the path to a peer carries, in words. */
final class MtuSearch {
  private static final int ETHERNET_BYTES = 1_472;
  private static final Duration LONGEST = Duration.ofSeconds(30);

  private final Signals signals;
  private final SocketFlags flags;
  private final InetSocketAddress peer;
  private final @Nullable Duration handshakeTimeout;
  private final Output output;
  private final String to;

  MtuSearch(
      Signals signals,
      SocketFlags flags,
      InetSocketAddress peer,
      @Nullable Duration handshakeTimeout,
      Output output) {
    this.signals = signals;
    this.flags = flags;
    this.peer = peer;
    this.handshakeTimeout = handshakeTimeout;
    this.output = output;
    this.to = AddressText.of(peer);
  }

  /** Searches and tells; answers the exit status. */
  int run() throws Exception {
    MtuProbe.Result found;
    signals.interruptMe();
    try {
      found = flags.isPlain() ? plain() : reliable();
    } catch (PortUnreachableException nobody) {
      throw new Failure(
          ExitCode.UNAVAILABLE,
          "nobody listens at " + to + " (its host says: port unreachable)",
          "start \"posthorn listen --plain --echo " + peer.getPort() + "\" there",
          nobody);
    } catch (InterruptedException
        | InterruptedIOException
        | ClosedByInterruptException interrupted) {
      signals.requireOne(interrupted);
      return ExitCode.NO.status();
    } finally {
      signals.leaveMe();
      output.clearProgress();
    }
    output.line(output.isJson() ? json(found) : text(found));
    output.flush();
    return found.isAnswered() ? ExitCode.OK.status() : ExitCode.NO.status();
  }

  private MtuProbe.Result plain() throws IOException, InterruptedException, Failure {
    flags.requireUnchanged(
        "with -M in plain mode, which probes with a socket of its own",
        "leave them out, or search in reliable mode");
    try (MtuProbe probe = MtuProbe.open(peer, PeerChecks.USUAL_PATIENCE)) {
      return probe.search(bytes -> output.progress("trying " + bytes + " bytes"));
    }
  }

  private MtuProbe.Result reliable() throws IOException, Failure {
    try (MessageSocket socket = flags.openAnywhere(handshakeTimeout)) {
      Connection connection;
      try {
        connection = socket.connect(peer);
      } catch (ConnectionTimeoutException nobody) {
        output.error(Failures.of(nobody).text());
        return new MtuProbe.Result(0, 0, true, 0);
      }
      return ReliablePathMtu.search(
          socket,
          connection,
          SocketFlags.PING_CHANNEL,
          LONGEST,
          bytes -> output.progress(bytes + " bytes pass"));
    }
  }

  private String json(MtuProbe.Result found) {
    JsonText json =
        new JsonText().beginObject().put("peer", to).put("answered", found.isAnswered());
    if (found.isAnswered()) {
      json.put("payloadBytes", found.payloadBytes()).put("mtuBytes", found.mtuBytes());
    } else {
      json.putNull("payloadBytes").putNull("mtuBytes");
    }
    return json.put("dontFragment", found.dontFragment()).endObject().toString();
  }

  /** A connection tries no more than Ethernet carries until it has sent tens of megabytes. */
  private boolean isOnlyLooked(MtuProbe.Result found) {
    return !flags.isPlain() && found.payloadBytes() == ETHERNET_BYTES;
  }

  private String text(MtuProbe.Result found) {
    if (!found.isAnswered()) {
      return to + ": no answer" + (flags.isPlain() ? " even to the smallest datagram" : "");
    }
    return to
        + ": path MTU "
        + found.mtuBytes()
        + (isOnlyLooked(found) ? " bytes or more" : " bytes")
        + ": datagrams of up to "
        + found.payloadBytes()
        + (flags.isPlain() ? " bytes come back, and " : " bytes get there, and ")
        + found.headerBytes()
        + " are headers"
        + (isOnlyLooked(found) ? "; beyond Ethernet's size only long flows look, and -u" : "")
        + (found.dontFragment()
            ? ""
            : "; this system cannot be told not to fragment, so it may be less in one piece");
  }
}
