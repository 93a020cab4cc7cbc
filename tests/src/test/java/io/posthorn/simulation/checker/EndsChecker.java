package io.posthorn.simulation.checker;

import io.posthorn.endpoint.EndpointEvent;
import io.posthorn.protocol.ReceiptOutcome;
import io.posthorn.simulation.checker.History.Entry;
import io.posthorn.simulation.checker.History.Sent;
import io.posthorn.simulation.checker.History.Settled;
import io.posthorn.simulation.checker.History.Told;
import io.posthorn.wire.CloseReason;
import java.net.InetSocketAddress;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Invariants 4 and 9 where connections may end: what was promised arrived, or its connection ended
 * for a reason that there was.
 */
public final class EndsChecker {
  /** Between honest peers a connection ends for no other. */
  private static final Set<CloseReason> REASONS =
      EnumSet.of(
          CloseReason.APPLICATION,
          CloseReason.IDLE_TIMEOUT,
          CloseReason.HANDSHAKE_TIMEOUT,
          CloseReason.PEER_RESTARTED,
          CloseReason.SOCKET_CLOSED);

  private EndsChecker() {}

  /**
   * An end that says that it heard nothing of its peer for too long, or that the peer has
   * restarted.
   *
   * @param sinceNanos when its connection was opened; 0 if it never was
   */
  public record Silence(int end, InetSocketAddress peer, long sinceNanos, long atNanos) {}

  private record Name(int end, int process, long connection) {}

  /**
   * Fails if something promised is not settled, ended otherwise than by acknowledgement or the end
   * of its connection, or was acknowledged later than so long after the network became good.
   */
  public static void checkTimes(History history, long healedNanos, long boundNanos) {
    for (Sent sent : history.sent()) {
      if (!sent.isPromised() || history.isGone(sent)) {
        continue;
      }
      if (history.settled(sent).isEmpty()) {
        throw new AssertionError("never settled: " + sent);
      }
      Settled settled = history.settled(sent).get(0);
      switch (settled.outcome()) {
        case ACKNOWLEDGED -> {
          if (settled.atNanos() > Math.max(sent.atNanos(), healedNanos) + boundNanos) {
            throw new AssertionError("late: " + settled);
          }
        }
        case CLOSED, SUPERSEDED -> {}
        default -> throw new AssertionError("promised: " + settled);
      }
    }
  }

  /**
   * Fails if a connection ended for a reason that honest peers do not give, by silence that was
   * none, for a restart of a peer that knew it still, or unanswered on a good network.
   *
   * @param answersNanos from when on whoever opens a connection is answered
   * @param maySo whether the network was so silent
   * @param hasForgotten whether the peer died or ended the connection meanwhile
   */
  public static void checkReasons(
      History history,
      long answersNanos,
      Predicate<Silence> maySo,
      Predicate<Silence> hasForgotten) {
    Map<Name, Long> opened = new HashMap<>();
    for (Entry entry : history.entries()) {
      if (!(entry instanceof Told told)) {
        continue;
      }
      if (told.event() instanceof EndpointEvent.Connected connected) {
        opened.putIfAbsent(
            new Name(told.end(), told.process(), connected.connection()), told.atNanos());
      } else if (told.event() instanceof EndpointEvent.Closed closed) {
        if (!REASONS.contains(closed.reason())) {
          throw new AssertionError("no reason between honest peers: " + told);
        }
        Long opening = opened.get(new Name(told.end(), told.process(), closed.connection()));
        long since = opening == null ? 0 : opening;
        Silence silence = new Silence(told.end(), closed.peer(), since, told.atNanos());
        if (closed.reason() == CloseReason.IDLE_TIMEOUT
            && opening != null
            && !maySo.test(silence)) {
          throw new AssertionError("was not silent: " + told);
        }
        if (closed.reason() == CloseReason.PEER_RESTARTED && !hasForgotten.test(silence)) {
          throw new AssertionError("has not restarted: " + told);
        }
        if (closed.reason() == CloseReason.HANDSHAKE_TIMEOUT && told.atNanos() > answersNanos) {
          throw new AssertionError("was not answered on a good network: " + told);
        }
      }
    }
  }

  /** Whether an end died, or a connection of it with a peer ended, within this time. */
  public static boolean endedAt(
      History history,
      int end,
      long fromNanos,
      long untilNanos,
      Predicate<InetSocketAddress> peer) {
    for (Entry entry : history.entries()) {
      if (entry.end() != end || entry.atNanos() < fromNanos || entry.atNanos() > untilNanos) {
        continue;
      }
      if (entry instanceof History.Crashed
          || (entry instanceof Told told
              && told.event() instanceof EndpointEvent.Closed closed
              && peer.test(closed.peer()))) {
        return true;
      }
    }
    return false;
  }

  /** How many connections of an end with a peer were open just before this time. */
  public static int openBefore(
      History history, int end, long atNanos, Predicate<InetSocketAddress> peer) {
    Set<Name> open = new HashSet<>();
    for (Entry entry : history.entries()) {
      if (entry.atNanos() >= atNanos) {
        break;
      }
      if (entry.end() != end || !(entry instanceof Told told)) {
        continue;
      }
      if (told.event() instanceof EndpointEvent.Connected connected
          && peer.test(connected.peer())) {
        open.add(new Name(end, told.process(), connected.connection()));
      } else if (told.event() instanceof EndpointEvent.Closed closed) {
        open.remove(new Name(end, told.process(), closed.connection()));
      }
    }
    return open.size();
  }

  /** Whether no message ended with its connection. */
  public static boolean endedWell(History history) {
    for (Sent sent : history.sent()) {
      if (history.outcome(sent) == ReceiptOutcome.CLOSED) {
        return false;
      }
    }
    return true;
  }
}
