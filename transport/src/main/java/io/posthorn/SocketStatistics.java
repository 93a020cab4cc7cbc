package io.posthorn;

import java.util.Map;

/**
 * A snapshot of what one socket has done since it was opened. Sizes are UDP payload in bytes.
 *
 * @param mode plain or reliable
 * @param ioPath how datagrams reach the operating system, and why this way
 * @param grantedReceiveBufferBytes kernel memory for datagrams that wait to be read
 * @param grantedSendBufferBytes kernel memory for datagrams that wait to leave
 * @param datagramsSent datagrams given to the operating system
 * @param datagramsReceived datagrams taken from it
 * @param bytesSent their payload
 * @param bytesReceived their payload
 * @param messagesSent messages taken from the application; a streamed one when it is whole
 * @param messagesReceived messages given to the application
 * @param packetsLost data packets declared lost
 * @param packetsSpuriouslyLost of these, acknowledged later after all
 * @param packetsMarked data packets that arrived with the mark of congestion (ECN-CE), by the
 *     peers' count
 * @param datagramsReceivedMarked datagrams taken from the operating system with that mark
 * @param bytesRetransmitted message bytes sent again, since they counted as lost or in a probe
 *     after silence, whose bytes may be under way still: of those {@code packetsLost} knows nothing
 * @param bytesRepeated message bytes sent again unasked, beside others, as redundancy
 * @param connectionsOpened connections that became usable, opened by either side: not those that
 *     nobody answered, or that were refused
 * @param handlerFailures exceptions thrown by the application's handlers and listeners
 * @param drops how many datagrams or packets were dropped on receipt, by reason; reasons that never
 *     occurred are absent
 * @param sendErrors errors of the operating system on sending, by its words; each one datagram that
 *     counts as lost
 * @param sendsBlocked times that the operating system had no room for what was to leave; it waited,
 *     and nothing is lost by that
 * @param receiveErrors errors on receiving, by the operating system's words; ICMP messages among
 *     them where it tells of any: on Linux by the fast path, while this side opens connections
 * @param receiveOverflows times that the operating system dropped a datagram, or a run that came as
 *     one, before it could be read: its buffer was full, as a rule. Each is known with the next
 *     datagram that comes, on Linux by the fast path alone: elsewhere 0. Of an {@link
 *     MessageSocketBuilder#inherited} socket, also what was before
 * @param impairment what the impairment did, by kind; empty without one
 */
public record SocketStatistics(
    Mode mode,
    String ioPath,
    int grantedReceiveBufferBytes,
    int grantedSendBufferBytes,
    long datagramsSent,
    long datagramsReceived,
    long bytesSent,
    long bytesReceived,
    long messagesSent,
    long messagesReceived,
    long packetsLost,
    long packetsSpuriouslyLost,
    long packetsMarked,
    long datagramsReceivedMarked,
    long bytesRetransmitted,
    long bytesRepeated,
    long connectionsOpened,
    long handlerFailures,
    Map<String, Long> drops,
    Map<String, Long> sendErrors,
    long sendsBlocked,
    Map<String, Long> receiveErrors,
    long receiveOverflows,
    Map<String, Long> impairment) {

  /** How often something was dropped for this reason, such as {@code "DUPLICATE"}. */
  public long drops(String reason) {
    return drops.getOrDefault(reason, 0L);
  }

  /** How often the impairment did this, such as {@code "out.lost"} or {@code "in.duplicated"}. */
  public long impaired(String kind) {
    return impairment.getOrDefault(kind, 0L);
  }

  /** Everything dropped on receipt, whatever the reason. */
  public long dropsTotal() {
    return total(drops);
  }

  /** Datagrams that the operating system refused to send. */
  public long sendErrorsTotal() {
    return total(sendErrors);
  }

  private static long total(Map<String, Long> counts) {
    long sum = 0;
    for (long count : counts.values()) {
      sum += count;
    }
    return sum;
  }
}
