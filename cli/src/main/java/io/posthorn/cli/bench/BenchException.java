package io.posthorn.cli.bench;

import java.io.IOException;

/** A test that cannot be held, and whose fault it is. */
public final class BenchException extends IOException {
  private static final long serialVersionUID = 1L;

  /** What kind of trouble it is. */
  public enum Kind {
    /** Nobody answers. */
    NO_ANSWER,
    /** Whoever answers is no bench server. */
    FOREIGN,
    /** The server does not want to. */
    REFUSED,
    /** The other side fell silent in the middle. */
    SILENT
  }

  private final Kind kind;

  BenchException(Kind kind, String what) {
    super(what);
    this.kind = kind;
  }

  /** What kind of trouble it is. */
  public Kind kind() {
    return kind;
  }
}
