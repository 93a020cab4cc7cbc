package io.posthorn.cli;

import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the program was started with: its three streams, whether they are terminals, and the
 * environment. Tests make their own.
 *
 * @param in standard input
 * @param out standard output; errors in writing surface, as a {@code PrintStream}'s would not
 * @param err standard error
 * @param outIsTerminal whether somebody looks at standard output
 * @param errIsTerminal whether somebody looks at standard error
 * @param environment variables such as {@code NO_COLOR} and {@code COLUMNS}
 */
record Streams(
    InputStream in,
    OutputStream out,
    OutputStream err,
    boolean outIsTerminal,
    boolean errIsTerminal,
    Map<String, String> environment) {

  /** Those of this process. */
  static Streams ofProcess() {
    return new Streams(
        StandardInput.isGiven(Path.of("/proc/self/fd"))
            ? new FileInputStream(FileDescriptor.in)
            : InputStream.nullInputStream(),
        new StandardOutput(new FileOutputStream(FileDescriptor.out), Path.of("/proc/self/fd/1")),
        new FileOutputStream(FileDescriptor.err),
        isTerminal(1),
        isTerminal(2),
        System.getenv());
  }

  /** Whether a descriptor of this process is a terminal: 0 for standard input, 1, 2. */
  static boolean isTerminal(int descriptor) {
    Path link = Path.of("/proc/self/fd/" + descriptor);
    if (Files.isSymbolicLink(link)) {
      try {
        String target = Files.readSymbolicLink(link).toString();
        return target.startsWith("/dev/pts/")
            || target.startsWith("/dev/tty")
            || target.equals("/dev/console");
      } catch (IOException unreadable) {
        return false;
      }
    }
    return console() != null; // needs standard input to be a terminal too
  }

  /** Where somebody can be asked without being overheard; null if standard input is no terminal. */
  @SuppressWarnings("SystemConsoleNull") // what newer versions answer is asked further down
  static @Nullable Console console() {
    @Nullable Console console = System.console();
    if (console == null) {
      return null;
    }
    try {
      // JDK 22 and later have a Console even without a terminal, and a method that tells.
      return (boolean) Console.class.getMethod("isTerminal").invoke(console) ? console : null;
    } catch (NoSuchMethodException beforeJdk22) {
      return console;
    } catch (ReflectiveOperationException refused) {
      return null;
    }
  }
}
