package io.posthorn.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether standard input may be read without harm. */
final class StandardInput {
  // Of /proc/self/stat, counted after the name of the program, which may hold anything.
  private static final int PROCESS_GROUP = 2;
  private static final int TERMINAL_GROUP = 5;

  private StandardInput() {}

  /**
   * False for a shell's background job on a terminal: the kernel stops it when it reads. Where that
   * cannot be found out it is true.
   */
  static boolean mayBeRead() {
    try {
      if (!Files.readSymbolicLink(Path.of("/proc/self/fd/0")).startsWith("/dev")) {
        return true;
      }
      String stat = Files.readString(Path.of("/proc/self/stat"), StandardCharsets.ISO_8859_1);
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      String terminalGroup = fields[TERMINAL_GROUP];
      return terminalGroup.equals("-1") || terminalGroup.equals(fields[PROCESS_GROUP]);
    } catch (IOException | RuntimeException elsewhere) {
      return true;
    }
  }
}
