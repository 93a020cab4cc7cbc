package io.posthorn;

import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.wire.CloseReason;
import io.posthorn.wire.IcmpHint;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The one place where the protocol's words for an end become those of the API. */
final class Endings {
  private Endings() {}

  static CloseCause cause(CloseReason reason) {
    return switch (reason) {
      case APPLICATION -> CloseCause.APPLICATION;
      case PROTOCOL_VIOLATION, FRAME_ENCODING, FLOW_CONTROL, FINAL_SIZE, PARAMETERS ->
          CloseCause.PROTOCOL;
      case LIMIT, MESSAGE_TOO_LARGE, KEY_LIMIT -> CloseCause.LIMIT;
      case REFUSED -> CloseCause.REFUSED;
      case IDENTITY -> CloseCause.IDENTITY;
      case SECURITY -> CloseCause.SECURITY;
      case INTERNAL -> CloseCause.INTERNAL;
      case IDLE_TIMEOUT -> CloseCause.IDLE_TIMEOUT;
      case HANDSHAKE_TIMEOUT -> CloseCause.NO_ANSWER;
      case PEER_RESTARTED -> CloseCause.PEER_RESTARTED;
      case SOCKET_CLOSED -> CloseCause.SOCKET_CLOSED;
    };
  }

  static Outcome outcome(
      ReceiptOutcome outcome, @Nullable CloseReason reason, boolean mayHaveArrived) {
    Outcome.Kind kind =
        switch (outcome) {
          case ACKNOWLEDGED -> Outcome.Kind.ACKNOWLEDGED;
          case EXPIRED -> Outcome.Kind.EXPIRED;
          case SUPERSEDED -> Outcome.Kind.SUPERSEDED;
          case CANCELLED -> Outcome.Kind.CANCELLED;
          case LOST -> Outcome.Kind.LOST;
          case REFUSED -> Outcome.Kind.REFUSED;
          case CLOSED -> Outcome.Kind.CLOSED;
          case UNKNOWN -> Outcome.Kind.UNKNOWN;
        };
    boolean perhaps = mayHaveArrived || kind == Outcome.Kind.ACKNOWLEDGED;
    CloseCause cause = kind != Outcome.Kind.CLOSED || reason == null ? null : cause(reason);
    return new Outcome(kind, cause, perhaps);
  }

  static CloseReport report(EndpointEvent.Closed end) {
    return new CloseReport(
        end.acknowledged(),
        end.unacknowledged(),
        cause(end.reason()),
        end.byPeer(),
        end.applicationCode(),
        end.text());
  }

  /** The exception for somebody who wanted to use a connection that ended like this. */
  static TransportException exception(EndpointEvent.Closed end, SocketOptions options) {
    InetSocketAddress peer = end.peer();
    String who = AddressText.of(peer);
    Duration handshake = options.handshakeTimeout();
    return switch (cause(end.reason())) {
      case APPLICATION ->
          new ConnectionClosedException(
              peer,
              end.applicationCode(),
              end.byPeer(),
              (end.byPeer() ? who + " closed the connection" : "connection to " + who + " closed")
                  + words(end),
              "connect again if more is to be said");
      case REFUSED ->
          new ConnectionRefusedException(
              peer,
              who + " refused the connection" + words(end) + ": it takes no (more) peers",
              "try later");
      case NO_ANSWER ->
          new ConnectionTimeoutException(
              peer,
              handshake,
              "no answer from " + who + " in " + text(handshake) + words(end.icmpHint()),
              checkListener(options) + " and that UDP may pass");
      case IDLE_TIMEOUT ->
          lost(
              end,
              "heard nothing from " + who + " for " + text(Duration.ofNanos(end.idleNanos())),
              "the peer or the way to it is down; the next send opens a new connection");
      case PEER_RESTARTED ->
          lost(
              end,
              who + " has restarted, or does not know the connection any more",
              "the next send opens a new one");
      case IDENTITY ->
          new PeerIdentityChangedException(
              peer,
              end.byPeer() ? who + " does not know this side" + words(end) : end.text(),
              end.byPeer()
                  ? "have it take the own key among those that may connect, and if it has, look"
                      + " what its log says of its files of keys"
                  : "");
      case SECURITY ->
          new SecurityMismatchException(
              peer,
              who
                  + " asks for other security than this side, which "
                  + words(options.security())
                  + ", or speaks another version"
                  + words(end),
              "give both sides the same secret, or none, and the same version");
      case LIMIT ->
          lost(
              end,
              "a limit was passed on the connection to " + who + " (" + end.reason() + ")",
              "");
      case PROTOCOL ->
          lost(
              end,
              (end.byPeer() ? who + " says that this side" : who)
                  + " broke the protocol ("
                  + end.reason()
                  + ")"
                  + words(end),
              "check the versions of both sides");
      case SOCKET_CLOSED ->
          lost(end, "the socket was closed while the connection to " + who + " was in use", "");
      case INTERNAL ->
          lost(end, "the connection to " + who + " ended by a fault" + words(end), "report it");
    };
  }

  static MessagesLostException messagesLost(
      InetSocketAddress peer, EndpointEvent.@Nullable Closed end, SocketOptions options) {
    long lost = end == null ? -1 : end.unacknowledged();
    TransportException why = end == null ? null : exception(end, options);
    return new MessagesLostException(
        peer,
        lost,
        (lost < 0 ? "messages to " : lost + (lost == 1 ? " message to " : " messages to "))
            + AddressText.of(peer)
            + " may not have arrived, for the connection ended before they were acknowledged: "
            + (why == null ? "it is not known why" : why.what()),
        why == null ? "" : why.remedy());
  }

  private static ConnectionLostException lost(
      EndpointEvent.Closed end, String what, String remedy) {
    return new ConnectionLostException(end.peer(), cause(end.reason()), what, remedy);
  }

  private static String words(EndpointEvent.Closed end) {
    String code = end.applicationCode() == 0 ? "" : " with code " + end.applicationCode();
    return end.text().isEmpty() ? code : code + " (\"" + printable(end.text()) + "\")";
  }

  /** What ICMP says of a peer that does not answer, to stand behind those words; "" for nothing. */
  static String words(@Nullable IcmpHint hint) {
    if (hint == null) {
      return "";
    }
    String said =
        switch (hint) {
          case PORT_UNREACHABLE ->
              "its host says that no socket is open on that port (ICMP port unreachable";
          case HOST_UNREACHABLE ->
              "it is said that its host cannot be reached (ICMP host unreachable";
          case NETWORK_UNREACHABLE ->
              "it is said that no way leads to its host (ICMP network unreachable";
          case PROHIBITED -> "it is said that nothing may pass to there (ICMP prohibited";
        };
    return "; " + said + ", which anybody can forge)";
  }

  private static String words(Security security) {
    return security.hasPreSharedKey()
        ? "has a secret (pre-shared key)"
        : security.isEncrypted() ? "has no secret (pre-shared key)" : "does not encrypt";
  }

  /** What to look at where nobody answers: of another secret, no peer says so. */
  static String checkListener(SocketOptions options) {
    return "check that a socket in reliable mode listens there"
        + (options.security().hasPreSharedKey() ? " with the same secret" : "");
  }

  /** Words from the network may hold anything; an exception's text is printed to terminals. */
  static String printable(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean harmless = (c >= ' ' && c < 0x7f) || Character.isLetterOrDigit(c);
      out.append(harmless ? c : '?');
    }
    return out.toString();
  }

  /** A duration in the words of a message. */
  static String text(Duration duration) {
    long millis = duration.toMillis();
    return millis % 1_000 == 0 ? millis / 1_000 + " s" : millis + " ms";
  }
}
