package io.posthorn.cli.bench;

import java.util.Locale;

/** What carries the messages. */
public enum BenchTransport {
  /** Plain UDP datagrams. */
  PLAIN,
  /** Posthorn's reliable mode, one connection for each stream. */
  RELIABLE,
  /** The kernel's TCP, one connection for each stream, each message behind its length. */
  TCP;

  /** Its name in output. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
