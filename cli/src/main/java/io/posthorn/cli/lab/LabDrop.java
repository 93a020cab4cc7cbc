package io.posthorn.cli.lab;

/** Why the pump threw a packet away that no emulated link had asked it to. */
enum LabDrop {
  /** Not dropped. */
  NONE,
  /** IPv6 or no IP at all. */
  NOT_IPV4,
  /** Shorter than its headers say. */
  TRUNCATED,
  /** Header lengths that contradict each other. */
  BAD_HEADER,
  /** Neither TCP nor UDP. */
  OTHER_PROTOCOL,
  /** TCP or UDP, but of no flow that is open now. */
  NO_FLOW,
  /** Sent to an address and port that the emulated address translator has forgotten. */
  NO_MAPPING,
  /** The kernel did not take it back. */
  REFUSED_BY_KERNEL
}
