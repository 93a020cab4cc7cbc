package io.posthorn.cli;

/**
 * What the program's exit status means: those of sysexits(3), and 1 for the answer "no".
 *
 * <p>A signal ends the program with 128 plus its number, which the Java runtime sees to.
 */
enum ExitCode {
  /** Done. */
  OK(0),
  /** The answer is "no": a ping unanswered, an assertion false. */
  NO(1),
  /** The command line makes no sense. */
  USAGE(64),
  /** The data cannot be sent or understood. */
  BAD_DATA(65),
  /** A file to read is missing or may not be read. */
  NO_INPUT(66),
  /** A host name that nobody knows. */
  UNKNOWN_HOST(68),
  /** Nobody answered, or what is needed is not to be had here. */
  UNAVAILABLE(69),
  /** A fault of this program. */
  INTERNAL(70),
  /** A file cannot be created. */
  CANNOT_CREATE(73),
  /** Reading or writing failed. */
  IO(74),
  /** It may work later: time-out, port in use, peer gone. */
  TRY_AGAIN(75),
  /** The other side speaks otherwise. */
  PROTOCOL(76),
  /** The peer's identity was refused, or the system refused a permission. */
  REFUSED(77),
  /** A file of settings is wrong. */
  CONFIGURATION(78),
  /** A session with a child process over there failed on our side, as ssh has it. */
  SESSION(255),
  /** Nobody reads standard output any more: 128 + SIGPIPE, as for other programs in a pipe. */
  BROKEN_PIPE(141);

  private final int status;

  ExitCode(int status) {
    this.status = status;
  }

  /** The number that the shell sees. */
  int status() {
    return status;
  }
}
