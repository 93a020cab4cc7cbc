package io.posthorn.cli.files;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;

/** A file or folder that cannot be stored or read: the exit status that says so, and why. */
final class Refused extends Exception {
  private static final long serialVersionUID = 1L;

  /** Of the exit statuses of sysexits(3): the data cannot be taken. */
  static final int BAD_DATA = 65;

  /** A file to read is missing or may not be read. */
  static final int NO_INPUT = 66;

  /** A file cannot be created. */
  static final int CANNOT_CREATE = 73;

  /** Reading or writing failed. */
  static final int IO = 74;

  /** It may work later. */
  static final int TRY_AGAIN = 75;

  private final int code;

  Refused(int code, String reason) {
    super(reason);
    this.code = code;
  }

  int code() {
    return code;
  }

  String reason() {
    return String.valueOf(getMessage());
  }

  /** Why something could not be created or written. */
  static Refused ofWriting(IOException failed) {
    String said = words(failed);
    String lower = said.toLowerCase(Locale.ROOT);
    if (lower.contains("no space left") || lower.contains("quota")) {
      return new Refused(IO, "no space left on the receiver's disk");
    }
    if (failed instanceof AccessDeniedException || lower.contains("permission denied")) {
      return new Refused(CANNOT_CREATE, "permission denied by the receiver's folder");
    }
    if (lower.contains("symbolic link")) {
      return new Refused(CANNOT_CREATE, "a symbolic link stands in the way");
    }
    if (lower.contains("read-only")) {
      return new Refused(CANNOT_CREATE, "the receiver's file system is read-only");
    }
    return new Refused(failed instanceof FileSystemException ? CANNOT_CREATE : IO, said);
  }

  /** Why something could not be read. */
  static Refused ofReading(IOException failed) {
    if (failed instanceof NoSuchFileException) {
      return new Refused(NO_INPUT, "no such file");
    }
    if (failed instanceof AccessDeniedException
        || words(failed).toLowerCase(Locale.ROOT).contains("permission denied")) {
      return new Refused(NO_INPUT, "permission denied");
    }
    return new Refused(IO, words(failed));
  }

  private static String words(IOException failed) {
    String reason =
        failed instanceof FileSystemException file ? file.getReason() : failed.getMessage();
    return reason == null ? failed.getClass().getSimpleName() : reason;
  }
}
