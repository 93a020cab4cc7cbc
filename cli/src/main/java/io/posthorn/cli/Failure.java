package io.posthorn.cli;

import org.jspecify.annotations.Nullable;

/** The end of a command that could not do its work: what went wrong, where, and what to do. */
final class Failure extends Exception {
  private static final long serialVersionUID = 1L;

  private final ExitCode code;
  private final String remedy;

  /**
   * A failure.
   *
   * @param code the exit status
   * @param what what went wrong and where, without a full stop
   * @param remedy what to do about it; empty if nothing can be said
   */
  Failure(ExitCode code, String what, String remedy) {
    this(code, what, remedy, null);
  }

  Failure(ExitCode code, String what, String remedy, @Nullable Throwable cause) {
    super(what, cause);
    this.code = code;
    this.remedy = remedy;
  }

  ExitCode code() {
    return code;
  }

  /** What went wrong and where. */
  String what() {
    String message = getMessage();
    return message == null ? "unknown" : message;
  }

  /** What to do; may be empty. */
  String remedy() {
    return remedy;
  }

  /** What went wrong, and what to do if that can be said. */
  String text() {
    return remedy.isEmpty() ? what() : what() + "; " + remedy;
  }
}
