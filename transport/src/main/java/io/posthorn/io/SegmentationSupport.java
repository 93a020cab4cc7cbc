package io.posthorn.io;

/**
 * Whether runs of datagrams go to the kernel in one call, and why not: probed when the port opens;
 * what the system takes back later stays off, since every further try would cost a call.
 */
final class SegmentationSupport {
  /** Refusals in a row after which the kernel is not asked again. */
  private static final int REFUSALS_LIMIT = 3;

  private boolean sends;
  private boolean receives;
  private String whyNoSends = "";
  private String whyNoReceives = "";
  private int refusalsInARow;

  SegmentationSupport(String whyNoSends, String whyNoReceives) {
    this.sends = whyNoSends.isEmpty();
    this.receives = whyNoReceives.isEmpty();
    this.whyNoSends = whyNoSends;
    this.whyNoReceives = whyNoReceives;
  }

  boolean sendsRuns() {
    return sends;
  }

  void onRunSent() {
    refusalsInARow = 0;
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
  void onRunRefused(int errno, String words) {
    boolean forGood = errno != LinuxCalls.EINVAL && errno != LinuxCalls.EMSGSIZE;
    if (++refusalsInARow >= REFUSALS_LIMIT || forGood) {
      switchOff(words);
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
