package io.posthorn.protocol.recovery;

/**
 * What was sent and is not settled yet: parallel primitive rings, by packet number and by frame
 * token. A packet's tokens say which source put what range into it, for packets are forgotten and
 * data is sent again.
 *
 * <p>Numbers run without gaps from {@link #base} to {@link #next}. Capacity grows by doubling, is
 * bounded by what the congestion window lets be in flight, and is given back once little of it has
 * been used for a while.
 */
public final class SentPackets {
  /** Not in flight and never to be acknowledged by itself (ACK only), or skipped on purpose. */
  public static final byte UNTRACKED = 0;

  /** Sent, neither acknowledged nor lost. */
  public static final byte OUTSTANDING = 1;

  /** Acknowledged. */
  public static final byte ACKNOWLEDGED = 2;

  /** Declared lost; kept for a while to find out whether that was spurious. */
  public static final byte LOST = 3;

  /** A number that was skipped: an ACK for it is a lie. */
  public static final byte SKIPPED = 4;

  /** Not in flight, but kept: see {@link #keep}. */
  public static final byte KEPT = 5;

  /**
   * Numbers kept at once: some 4 MB. Half of them may be in flight; a peer that acknowledges never
   * gets near the whole, which takes a hundred thousand packets answered without one
   * acknowledgement.
   */
  public static final int LIMIT = 1 << 16;

  /** Numbers beyond the limit: for CLOSE, and for what an end that closes still acknowledges. */
  private static final int CLOSING_RESERVE = 1 << 10;

  /** What a connection takes that has nothing to say; a power of two. */
  private static final int INITIAL_PACKETS = 4;

  /** The rings are far too large if all that they held was less than this part of them, */
  private static final int LITTLE_PART = 8;

  /** and did so each of so many times that all was settled. */
  private static final int QUIET_TIMES = 8;

  private long base;
  private long next;
  private long[] sentNanos = new long[INITIAL_PACKETS];
  private int[] bytes = new int[INITIAL_PACKETS];
  private byte[] state = new byte[INITIAL_PACKETS];

  /** A bit for each number that is not acknowledged, so that an ACK passes over those that are; */
  private long[] unacknowledged = new long[1];

  /** and one for each of these words that is not 0. */
  private long[] openWords = new long[1];

  private boolean[] applicationLimited = new boolean[INITIAL_PACKETS];
  private boolean[] marked = new boolean[INITIAL_PACKETS];
  private boolean[] astray = new boolean[INITIAL_PACKETS];
  private long[] deliveredBytes = new long[INITIAL_PACKETS];
  private long[] deliveredNanos = new long[INITIAL_PACKETS];
  private long[] firstSentNanos = new long[INITIAL_PACKETS];
  private long[] tokenFrom = new long[INITIAL_PACKETS];

  private long tokenBase;
  private long tokenNext;
  private byte[] tokenSource = new byte[INITIAL_PACKETS];
  private long[] tokenFirst = new long[INITIAL_PACKETS];
  private long[] tokenSecond = new long[INITIAL_PACKETS];

  private long bytesInFlight;
  private int outstanding;
  private long newestSkipped = -1;

  /** Most numbers kept at once since all was settled last, as far as {@link #trim} saw. */
  private long mostKept;

  private int quietTimes;
  private long lookedAt;

  /** Older packets went another way, and do not count in flight. */
  private long inFlightFrom;

  /** The smallest number still kept. */
  public long base() {
    return base;
  }

  /** The number that the next packet gets. */
  public long next() {
    return next;
  }

  /** Bytes of outstanding packets. */
  public long bytesInFlight() {
    return bytesInFlight;
  }

  /** Whether {@link #LIMIT} is reached: the peer does not acknowledge what it gets. */
  public boolean isFull() {
    return next - base >= LIMIT;
  }

  /** Whether what is beyond {@link #LIMIT} for closing is used up too: no packet may be sent. */
  public boolean isUsedUp() {
    return next - base >= LIMIT + CLOSING_RESERVE;
  }

  /** Number of outstanding packets. */
  public int outstanding() {
    return outstanding;
  }

  /** Adds a token to the packet that {@link #commit} records next. */
  public void token(byte source, long first, long second) {
    int mask = tokenSource.length - 1;
    if (tokenNext - tokenBase > mask) {
      resizeTokens(2 * tokenSource.length);
      mask = tokenSource.length - 1;
    }
    int at = (int) tokenNext & mask;
    tokenSource[at] = source;
    tokenFirst[at] = first;
    tokenSecond[at] = second;
    tokenNext++;
  }

  /** Records the packet {@link #next}; the tokens added since the last commit belong to it. */
  public void commit(
      long nowNanos,
      int packetBytes,
      boolean ackEliciting,
      boolean isApplicationLimited,
      DeliveryRate rate) {
    int at = place();
    if (ackEliciting) {
      rate.onSent(nowNanos, bytesInFlight == 0);
    }
    deliveredBytes[at] = rate.deliveredBytes();
    deliveredNanos[at] = rate.deliveredNanos();
    firstSentNanos[at] = rate.firstSentNanos();
    sentNanos[at] = nowNanos;
    bytes[at] = packetBytes;
    applicationLimited[at] = isApplicationLimited;
    marked[at] = false;
    astray[at] = false;
    state[at] = ackEliciting ? OUTSTANDING : UNTRACKED;
    open(at);
    if (ackEliciting) {
      bytesInFlight += packetBytes;
      outstanding++;
    }
    next++;
    tokenFrom[(int) next & (state.length - 1)] = tokenNext;
  }

  /**
   * Skips a number, so that an ACK for it shows a peer that acknowledges what it never received.
   */
  public void skip() {
    int at = place();
    bytes[at] = 0;
    marked[at] = false;
    astray[at] = false;
    state[at] = SKIPPED;
    open(at);
    newestSkipped = next;
    next++;
    tokenFrom[(int) next & (state.length - 1)] = tokenNext;
  }

  /** Whether one of these numbers is the one skipped last, which is remembered beyond trimming. */
  public boolean wasSkipped(long from, long to) {
    return from <= newestSkipped && newestSkipped <= to;
  }

  private int place() {
    // One slot stays free, since tokenFrom[next] marks the end of the last packet's tokens.
    if (next - base >= state.length - 1) {
      resize(2 * state.length);
    }
    return (int) next & (state.length - 1);
  }

  private void open(int at) {
    unacknowledged[at >> 6] |= 1L << at;
    openWords[at >> 12] |= 1L << (at >> 6);
  }

  /** State of a packet; numbers outside the kept ones count as {@link #ACKNOWLEDGED}. */
  public byte state(long packetNumber) {
    return packetNumber < base || packetNumber >= next
        ? ACKNOWLEDGED
        : state[(int) packetNumber & (state.length - 1)];
  }

  /** When a kept packet was sent. */
  public long sentNanos(long packetNumber) {
    return sentNanos[(int) packetNumber & (state.length - 1)];
  }

  /** Size of a kept packet. */
  public int bytes(long packetNumber) {
    return bytes[(int) packetNumber & (state.length - 1)];
  }

  /** Whether a kept packet was sent while the window was not full. */
  public boolean isApplicationLimited(long packetNumber) {
    return applicationLimited[(int) packetNumber & (state.length - 1)];
  }

  /**
   * Notes that the packet committed last, which is not in flight, is kept all the same until it is
   * acknowledged or as old as a lost one: its arrival tells something.
   */
  public void keep() {
    state[(int) (next - 1) & (state.length - 1)] = KEPT;
  }

  /** Notes that the packet committed last carries the mark ECT(0). */
  public void mark() {
    marked[(int) (next - 1) & (state.length - 1)] = true;
  }

  /** Whether a kept packet carried the mark ECT(0). */
  public boolean isMarked(long packetNumber) {
    return marked[(int) packetNumber & (state.length - 1)];
  }

  /** Samples the delivery rate by a kept packet. */
  void sample(
      long packetNumber, long rttNanos, DeliveryRate rate, long minRttNanos, long nowNanos) {
    int at = (int) packetNumber & (state.length - 1);
    rate.sample(
        sentNanos[at],
        rttNanos,
        deliveredBytes[at],
        deliveredNanos[at],
        firstSentNanos[at],
        applicationLimited[at],
        minRttNanos,
        nowNanos);
  }

  /** The packets so far went another way: they are still settled, but not in flight any more. */
  public void beginPath() {
    inFlightFrom = next;
    bytesInFlight = 0;
  }

  /** The packets from this number on went another way than those before, which is left again. */
  public void leaveDetour(long from) {
    for (long number = Math.max(from, base); number < next; number++) {
      int at = (int) number & (state.length - 1);
      if (state[at] == OUTSTANDING && isOnPath(number)) {
        bytesInFlight -= bytes[at];
      }
      astray[at] = true;
    }
  }

  /** Whether a kept packet went the way that packets go now. */
  public boolean isOnPath(long packetNumber) {
    return packetNumber >= inFlightFrom && !astray[(int) packetNumber & (state.length - 1)];
  }

  /** Settles a kept packet as acknowledged; its tokens stay readable until {@link #trim}. */
  public void acknowledge(long packetNumber) {
    settle(packetNumber, ACKNOWLEDGED);
    int at = (int) packetNumber & (state.length - 1);
    unacknowledged[at >> 6] &= ~(1L << at);
    if (unacknowledged[at >> 6] == 0) {
      openWords[at >> 12] &= ~(1L << (at >> 6));
    }
  }

  /**
   * The next kept number that is not acknowledged yet, of whatever other state. Those that are cost
   * next to nothing, for a peer may repeat itself as often as it likes.
   *
   * @return beyond {@code to} if there is none
   */
  long nextUnacknowledged(long from, long to) {
    int length = state.length;
    long number = Math.max(from, base);
    while (number <= to) {
      lookedAt++;
      int at = (int) number & (length - 1);
      long bits = unacknowledged[at >> 6] >>> at;
      if (bits != 0) {
        return number + Long.numberOfTrailingZeros(bits);
      }
      number += Math.min(nextOpenWord((at >> 6) + 1) << 6, length) - at;
    }
    return number;
  }

  /** The next word that is not 0, of the 64 that one word of {@link #openWords} tells of. */
  private int nextOpenWord(int word) {
    if (word >= unacknowledged.length) {
      return word;
    }
    long open = openWords[word >> 6] >>> word;
    return open != 0 ? word + Long.numberOfTrailingZeros(open) : (word | (Long.SIZE - 1)) + 1;
  }

  /** How often {@link #nextUnacknowledged} looked at a number, or at a run of acknowledged ones. */
  long lookedAt() {
    return lookedAt;
  }

  /** Settles an outstanding packet as lost. */
  public void lose(long packetNumber) {
    settle(packetNumber, LOST);
  }

  private void settle(long packetNumber, byte to) {
    int at = (int) packetNumber & (state.length - 1);
    if (state[at] == OUTSTANDING) {
      if (isOnPath(packetNumber)) {
        bytesInFlight -= bytes[at];
      }
      outstanding--;
    }
    state[at] = to;
  }

  /** Index of the packet's first token. */
  public long tokensFrom(long packetNumber) {
    return tokenFrom[(int) packetNumber & (state.length - 1)];
  }

  /** Index after the packet's last token. */
  public long tokensTo(long packetNumber) {
    return tokenFrom[(int) (packetNumber + 1) & (state.length - 1)];
  }

  /** Source of a token. */
  public byte tokenSource(long token) {
    return tokenSource[(int) token & (tokenSource.length - 1)];
  }

  /** First half of a token. */
  public long tokenFirst(long token) {
    return tokenFirst[(int) token & (tokenSource.length - 1)];
  }

  /** Second half of a token. */
  public long tokenSecond(long token) {
    return tokenSecond[(int) token & (tokenSource.length - 1)];
  }

  /** Whether another packet may be put in flight: half of the numbers are for probes and ACKs. */
  public boolean hasRoom() {
    return next - base < LIMIT / 2;
  }

  /**
   * Forgets the settled packets at the front.
   *
   * @param lostBeforeNanos lost packets sent before this are forgotten too; younger ones as well
   *     once they are many, or losses would use up the numbers that may be kept
   */
  public void trim(long lostBeforeNanos) {
    int mask = state.length - 1;
    mostKept = Math.max(mostKept, next - base);
    while (base < next) {
      int at = (int) base & mask;
      byte is = state[at];
      boolean mayArriveYet = (is == LOST || is == KEPT) && sentNanos[at] >= lostBeforeNanos;
      if (is == OUTSTANDING || (mayArriveYet && next - base <= LIMIT / 4)) {
        break;
      }
      base++;
    }
    if (base < next) {
      tokenBase = tokenFrom[(int) base & mask];
      return;
    }
    tokenBase = tokenNext;
    boolean little = mostKept < state.length / LITTLE_PART;
    quietTimes = little ? quietTimes + 1 : 0;
    mostKept = 0;
    if (quietTimes >= QUIET_TIMES && state.length > INITIAL_PACKETS) {
      quietTimes = 0;
      resize(INITIAL_PACKETS);
      resizeTokens(INITIAL_PACKETS);
    }
  }

  /** Bytes of heap that the rings hold. */
  public long memoryBytes() {
    return state.length * 48L
        + (unacknowledged.length + openWords.length) * 8L
        + tokenSource.length * 17L;
  }

  /** Moves what is kept to rings of another size, a power of two. */
  private void resize(int size) {
    int old = state.length;
    long[] sent = new long[size];
    int[] sizes = new int[size];
    byte[] states = new byte[size];
    unacknowledged = new long[Math.max(1, size >> 6)];
    openWords = new long[Math.max(1, size >> 12)];
    boolean[] limited = new boolean[size];
    boolean[] marks = new boolean[size];
    boolean[] elsewhere = new boolean[size];
    long[] delivered = new long[size];
    long[] deliveredAt = new long[size];
    long[] firstSent = new long[size];
    long[] tokens = new long[size];
    for (long number = base; number <= next; number++) {
      int from = (int) number & (old - 1);
      int to = (int) number & (size - 1);
      sent[to] = sentNanos[from];
      sizes[to] = bytes[from];
      states[to] = state[from];
      if (number < next && state[from] != ACKNOWLEDGED) {
        open(to);
      }
      limited[to] = applicationLimited[from];
      marks[to] = marked[from];
      elsewhere[to] = astray[from];
      delivered[to] = deliveredBytes[from];
      deliveredAt[to] = deliveredNanos[from];
      firstSent[to] = firstSentNanos[from];
      tokens[to] = tokenFrom[from];
    }
    sentNanos = sent;
    bytes = sizes;
    state = states;
    applicationLimited = limited;
    marked = marks;
    astray = elsewhere;
    deliveredBytes = delivered;
    deliveredNanos = deliveredAt;
    firstSentNanos = firstSent;
    tokenFrom = tokens;
  }

  private void resizeTokens(int size) {
    int old = tokenSource.length;
    byte[] sources = new byte[size];
    long[] firsts = new long[size];
    long[] seconds = new long[size];
    for (long token = tokenBase; token < tokenNext; token++) {
      int from = (int) token & (old - 1);
      int to = (int) token & (size - 1);
      sources[to] = tokenSource[from];
      firsts[to] = tokenFirst[from];
      seconds[to] = tokenSecond[from];
    }
    tokenSource = sources;
    tokenFirst = firsts;
    tokenSecond = seconds;
  }
}
