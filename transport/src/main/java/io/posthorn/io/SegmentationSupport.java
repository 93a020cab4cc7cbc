package io.posthorn.io;

/**
 * Whether runs of datagrams go to the kernel in one call, and why not: probed when the port opens;
 * what the system takes back later stays off, since every further try would cost a call. Runs that
 * it refuses for their length alone, since their datagrams do not fit the path to a peer whole, are
 * not tried again as long as it is that peer's turn.
 */
final class SegmentationSupport {
  /** Refusals in a row after which the kernel is not asked again for datagrams so long. */
  private static final int REFUSALS_LIMIT = 3;

  private static final int NONE = Integer.MAX_VALUE;

  private boolean sends;
  private boolean receives;
  private String whyNoSends = "";
  private String whyNoReceives = "";

  // Of the peer whose turn it is.
  private int tooLongBytes = NONE;
  private int shortestRefusedBytes = NONE;
  private int refusalsInARow;

  SegmentationSupport(String whyNoSends, String whyNoReceives) {
    this.sends = whyNoSends.isEmpty();
    this.receives = whyNoReceives.isEmpty();
    this.whyNoSends = whyNoSends;
    this.whyNoReceives = whyNoReceives;
  }

  /** What follows goes to another peer, perhaps by a wider path. */
  void onPeer() {
    tooLongBytes = NONE;
    shortestRefusedBytes = NONE;
    refusalsInARow = 0;
  }

  /** Whether runs of datagrams so long are worth a try. */
  boolean sendsRunsOf(int segmentBytes) {
    return sends && segmentBytes < tooLongBytes;
  }

  void onRunSent(int segmentBytes) {
    if (segmentBytes >= shortestRefusedBytes) {
      shortestRefusedBytes = NONE;
      refusalsInARow = 0;
    }
  }

  /** Whether this error may be the run's own fault, so that its datagrams are tried one by one. */
  static boolean mayBeTheRuns(int errno) {
    return switch (errno) {
      case LinuxCalls.EIO,
          LinuxCalls.EINVAL,
          LinuxCalls.EMSGSIZE,
          LinuxCalls.ENOPROTOOPT,
          LinuxCalls.EOPNOTSUPP,
          LinuxCalls.ENOSYS ->
          true;
      default -> false;
    };
  }

  /**
   * A run was refused, and its datagrams left one by one: it was the run's fault, and not the
   * peer's or the path's.
   */
  void onRunRefused(int segmentBytes, int errno, String words) {
    if (errno != LinuxCalls.EINVAL && errno != LinuxCalls.EMSGSIZE) {
      switchOff(words);
      return;
    }
    shortestRefusedBytes = Math.min(shortestRefusedBytes, segmentBytes);
    if (++refusalsInARow >= REFUSALS_LIMIT) {
      tooLongBytes = shortestRefusedBytes;
    }
  }

  private void switchOff(String words) {
    sends = false;
    whyNoSends = "taken back: " + words;
  }

  /** For people. */
  String description() {
    return (sends ? "sendmsg with UDP_SEGMENT" : "sendmsg without UDP_SEGMENT (" + whyNoSends + ")")
        + ", "
        + (receives ? "recvmsg with UDP_GRO" : "recvmsg without UDP_GRO (" + whyNoReceives + ")");
  }
}
