package io.posthorn.cli.files;

import java.io.IOException;

/** The other side broke the conversation of COPY.md. */
public final class BreachException extends IOException {
  private static final long serialVersionUID = 1L;

  BreachException(String what) {
    super(what);
  }
}
