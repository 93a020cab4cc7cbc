package io.posthorn;

/** The ECN field of a received IP packet (RFC 3168 §5). */
public enum EcnMark {
  /** The socket does not say. */
  UNKNOWN,
  /** Not ECN-capable. */
  NOT_ECT,
  /** ECN-capable, codepoint 01. */
  ECT_1,
  /** ECN-capable, codepoint 10. */
  ECT_0,
  /** Congestion experienced. */
  CE
}
