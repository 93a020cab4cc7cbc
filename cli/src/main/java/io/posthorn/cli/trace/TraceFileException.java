package io.posthorn.cli.trace;

import java.io.IOException;

/** A file that is no trace, or is damaged; the text says where and what. */
public final class TraceFileException extends IOException {
  private static final long serialVersionUID = 1;

  TraceFileException(String what) {
    super(what);
  }
}
