package io.posthorn;

/** The ECN field of a received IP packet (RFC 3168 §5). */
public enum EcnMark {
  /** The socket does not say. */
  UNKNOWN(0),
  /** Not ECN-capable, codepoint 00. */
  NOT_ECT(0),
  /** ECN-capable, codepoint 01. */
  ECT_1(1),
  /** ECN-capable, codepoint 10. */
  ECT_0(2),
  /** Congestion experienced, codepoint 11. */
  CE(3);

  private static final EcnMark[] BY_CODEPOINT = {NOT_ECT, ECT_1, ECT_0, CE};

  private final int codepoint;

  EcnMark(int codepoint) {
    this.codepoint = codepoint;
  }

  /**
   * The two bits of the IP header.
   *
   * @return 0 to 3; 0 for {@link #UNKNOWN}
   */
  public int codepoint() {
    return codepoint;
  }

  /**
   * The mark that stands in an IP header.
   *
   * @param trafficClass the byte that holds the field, of which the low two bits count
   * @return never {@link #UNKNOWN}
   */
  public static EcnMark ofCodepoint(int trafficClass) {
    return BY_CODEPOINT[trafficClass & 3];
  }
}
