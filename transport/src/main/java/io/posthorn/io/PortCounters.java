package io.posthorn.io;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the operating system refused, by its own words. Any thread may count, for one that waits in
 * the system holds no lock of its port's; refusals are rare.
 */
public final class PortCounters {
  /** As many kinds as are told apart; an operating system has a few dozen for datagrams. */
  private static final int MAX_KINDS = 32;

  private static final String FURTHER_KINDS = "further kinds";

  private final Map<String, Long> sendErrors = new TreeMap<>();
  private final Map<String, Long> receiveErrors = new TreeMap<>();
  private long blockedSends;
  private long receiveOverflows;
  private final Map<String, Long> impairment = new TreeMap<>();

  /** Who counts what is refused on sending, instead; null if this does. */
  private volatile @Nullable PortCounters sender;

  /**
   * What is sent from now on is somebody else's, whose counters are given; null for the owner's.
   */
  void sendingFor(@Nullable PortCounters other) {
    sender = other;
  }

  void sendError(Throwable error) {
    sendError(words(error), 1);
  }

  void sendError(String words, int datagrams) {
    PortCounters counting = sender;
    if (counting == null) {
      countSendError(words, datagrams);
    } else {
      counting.countSendError(words, datagrams);
    }
  }

  private synchronized void countSendError(String words, int datagrams) {
    count(sendErrors, words, datagrams);
  }

  void receiveError(Throwable error) {
    receiveError(words(error));
  }

  void receiveError(String words) {
    receiveError(words, 1);
  }

  synchronized void receiveError(String words, int datagrams) {
    count(receiveErrors, words, datagrams);
  }

  void sendBlocked() {
    PortCounters counting = sender;
    if (counting == null) {
      countSendBlocked();
    } else {
      counting.countSendBlocked();
    }
  }

  private synchronized void countSendBlocked() {
    blockedSends++;
  }

  /** Times that the system had no room for what was to leave, which then waited. */
  public synchronized long blockedSends() {
    return blockedSends;
  }

  synchronized void receiveOverflowed(long times) {
    receiveOverflows += times;
  }

  /**
   * Times that the system dropped what had come before it could be read: its buffer was full, as a
   * rule. A run that came as one counts once, and each is known with the next datagram that comes;
   * 0 where the port has no way to know, as the portable one.
   */
  public synchronized long receiveOverflows() {
    return receiveOverflows;
  }

  /** Notes what an impairment did so far, by kind. */
  public synchronized void impairment(String kind, long count) {
    impairment.put(kind, count);
  }

  private static String words(Throwable error) {
    String text = error.getMessage();
    return text == null ? error.getClass().getSimpleName() : text;
  }

  private static void count(Map<String, Long> counts, String kind, long times) {
    boolean isNewKind = !counts.containsKey(kind);
    counts.merge(isNewKind && counts.size() >= MAX_KINDS ? FURTHER_KINDS : kind, times, Long::sum);
  }

  /** Datagrams that could not be sent. */
  public synchronized Map<String, Long> sendErrors() {
    return Map.copyOf(sendErrors);
  }

  /** Errors on receiving; ICMP messages among them, by the error that they mean. */
  public synchronized Map<String, Long> receiveErrors() {
    return Map.copyOf(receiveErrors);
  }

  /** What an impairment did on purpose. */
  public synchronized Map<String, Long> impairment() {
    return Map.copyOf(impairment);
  }
}
