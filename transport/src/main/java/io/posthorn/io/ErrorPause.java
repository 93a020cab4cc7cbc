package io.posthorn.io;

/** Reading pauses after errors in a row, lest a broken interface become a busy loop. */
final class ErrorPause {
  /** So many errors. */
  static final int ERRORS = 16;

  /** For so long. */
  static final long MILLIS = 10;

  private ErrorPause() {}
}
