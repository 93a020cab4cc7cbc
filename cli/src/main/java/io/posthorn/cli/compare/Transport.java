package io.posthorn.cli.compare;

import java.util.Locale;

/** What a comparison compares. */
public enum Transport {
  /** Posthorn in plain mode: UDP as it is. */
  PLAIN,
  /** Posthorn in reliable mode. */
  RELIABLE,
  /** The kernel's TCP. */
  TCP;

  /**
   * The name in tables and expressions.
   *
   * @return plain, reliable or tcp
   */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
