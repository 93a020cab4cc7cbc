package io.posthorn;

/** Which algorithm decides how much may be in flight. Never off. */
public enum CongestionControl {
  /**
   * NewReno as in RFC 9002 §7: halves its window at each loss. For reference; slow to use a long or
   * fast path.
   */
  NEW_RENO,
  /**
   * CUBIC (RFC 9438) with HyStart++ (RFC 9406), what TCP does on most machines: fast on clean
   * paths, and, as all that takes every loss for congestion, slow on paths that lose by themselves.
   */
  CUBIC,
  /**
   * Model based, in the family of BBR, the default: tells noise on the link from congestion by
   * delay and delivery rate, keeps queues short, and shares as CUBIC does with those who fill them.
   */
  ADAPTIVE
}
