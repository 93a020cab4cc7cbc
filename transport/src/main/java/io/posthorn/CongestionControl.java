package io.posthorn;

/** Which algorithm decides how much may be in flight. Never off. */
public enum CongestionControl {
  /** NewReno as in RFC 9002 §7. */
  NEW_RENO,
  /** Model based, in the family of BBR: tells noise on the link from congestion. */
  ADAPTIVE
}
