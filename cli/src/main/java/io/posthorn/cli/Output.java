package io.posthorn.cli;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Where a command's words go. Standard output carries only what was received and results; all else
 * goes to standard error, with {@code --json} in objects, one a line. Safe for all threads.
 *
 * <p>Notes, details and errors pass {@link TextSafety} here, so they may say what came from
 * outside; what goes to standard output, or into the line of progress, must have passed it before.
 */
final class Output {
  /** When colours are used. */
  enum ColorWhen {
    /** On a terminal, unless {@code NO_COLOR} is set. */
    AUTO,
    /** Always. */
    ALWAYS,
    /** Never. */
    NEVER;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final int BUFFER_BYTES = 64 << 10;

  private final OutputStream out;
  private final ProgressLine err;
  private final boolean outIsTerminal;
  private final boolean errIsTerminal;
  private final boolean json;
  private final boolean jsonStream;
  private final int verbosity;
  private final boolean quiet;
  private final boolean errColor;

  /** The only one there is. */
  Output(Streams streams, Posthorn.Everywhere options, boolean quiet) {
    this(streams, new ProgressLine(streams), options, quiet);
  }

  /** One of several outputs of a program, which share its line of progress. */
  Output(Streams streams, ProgressLine err, Posthorn.Everywhere options, boolean quiet) {
    this.err = err;
    out = new BufferedOutputStream(streams.out(), BUFFER_BYTES);
    outIsTerminal = streams.outIsTerminal();
    errIsTerminal = streams.errIsTerminal();
    json = options.json();
    jsonStream = options.jsonStream();
    verbosity = options.verbosity();
    this.quiet = quiet || options.quiet();
    boolean wanted = streams.environment().getOrDefault("NO_COLOR", "").isEmpty();
    errColor =
        switch (options.color()) {
          case ALWAYS -> true;
          case NEVER -> false;
          case AUTO ->
              errIsTerminal
                  && wanted
                  && !streams.environment().getOrDefault("TERM", "").equals("dumb");
        };
  }

  /** Whether results are JSON objects, one a line. */
  boolean isJson() {
    return json;
  }

  /** Whether figures are told while the command runs, in JSON. */
  boolean isJsonStream() {
    return jsonStream;
  }

  /** Whether somebody looks at standard output, so that bytes from outside must not go there. */
  boolean outIsTerminal() {
    return outIsTerminal;
  }

  /** Whether somebody looks at standard error. */
  boolean errIsTerminal() {
    return errIsTerminal;
  }

  /** Whether progress may be shown: somebody looks, and did not ask for quiet. */
  boolean showsProgress() {
    return errIsTerminal && !quiet && !json;
  }

  /** Writes bytes as they are to standard output. */
  synchronized void write(byte[] bytes, int from, int length) throws IOException {
    clearProgress();
    out.write(bytes, from, length);
  }

  /** Writes one line to standard output. */
  synchronized void line(String text) throws IOException {
    byte[] bytes = (text + "\n").getBytes(StandardCharsets.UTF_8);
    write(bytes, 0, bytes.length);
  }

  /** Lets out what waits; a command calls it whenever nothing more comes at once. */
  synchronized void flush() throws IOException {
    out.flush();
  }

  /** A line for the user on standard error, of any text, unless quiet was asked for. */
  void note(String text) {
    if (!quiet) {
      say("note", text);
    }
  }

  /** An object on standard error in place of a note, with {@code --json}. */
  void note(JsonText object) {
    if (!quiet) {
      error(object);
    }
  }

  /** A line of any text on standard error for those who asked to know more with {@code -v}. */
  void detail(String text) {
    if (verbosity > 0) {
      say("note", text);
    }
  }

  /** Whether standard error carries errors only. */
  boolean isQuiet() {
    return quiet;
  }

  /** Whether {@code -v} was given. */
  boolean isVerbose() {
    return verbosity > 0;
  }

  /** A line of any text on standard error that even the quiet must see. */
  void error(String text) {
    say("problem", text);
  }

  /** The program's own words on how it is used, as they are laid out. */
  void usage(String lines) {
    errorLine(lines);
  }

  /** An object on standard error that even the quiet must see, with {@code --json}. */
  void error(JsonText object) {
    errorLine(object.toString());
  }

  /** The one way of words to standard error. */
  private void say(String kind, String text) {
    if (json) {
      error(
          new JsonText().beginObject().beginObject(kind).put("what", text).endObject().endObject());
    } else {
      errorLine(TextSafety.visible(text));
    }
  }

  private void errorLine(String line) {
    err.replace((line + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** Bytes as they are on standard error; only what has passed {@link TerminalText} if it shows. */
  void errorBytes(byte[] bytes) {
    err.replace(bytes);
  }

  /** The last words of a command that failed. */
  void failure(String command, Failure failure) {
    if (failure.code() == ExitCode.BROKEN_PIPE) {
      return; // whoever closed the pipe knows
    }
    if (json) {
      error(failureJson(command, failure));
      return;
    }
    String start = errColor ? "\u001b[31m" + command + ":\u001b[0m " : command + ": ";
    errorLine(start + TextSafety.visible(failure.text()));
    Throwable cause = failure.getCause();
    if (cause != null && verbosity > 0) {
      java.io.StringWriter trace = new java.io.StringWriter();
      cause.printStackTrace(new java.io.PrintWriter(trace));
      // What a peer said may be in the messages of exceptions.
      trace.toString().lines().forEach(line -> errorLine(shown(line)));
    }
  }

  /** A line of a stack trace, which begins with a tab. */
  private static String shown(String line) {
    return line.startsWith("\t")
        ? "\t" + TextSafety.visible(line.substring(1))
        : TextSafety.visible(line);
  }

  private static JsonText failureJson(String command, Failure failure) {
    return new JsonText()
        .beginObject()
        .beginObject("error")
        .put("command", command)
        .put("exit", failure.code().status())
        .put("kind", failure.code().name())
        .put("what", failure.what())
        .put("remedy", failure.remedy())
        .endObject()
        .endObject();
  }

  /** Shows or renews the one line of progress; nothing where nobody looks. */
  void progress(String text) {
    if (showsProgress()) {
      err.show(text);
    }
  }

  /** Takes the line of progress away. */
  void clearProgress() {
    err.clear();
  }
}
