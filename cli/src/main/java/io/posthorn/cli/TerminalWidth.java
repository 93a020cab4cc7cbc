package io.posthorn.cli;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import java.util.Map;

/** How many columns the terminal at standard error has. */
final class TerminalWidth {
  private static final int USUAL = 80;
  private static final int LEAST = 10;
  private static final int MOST = 500;
  private static final int STDERR = 2;

  /** Of Linux, for processors with the generic ioctl numbers. */
  private static final long TIOCGWINSZ = 0x5413;

  private TerminalWidth() {}

  /** The variable {@code COLUMNS} if it is set, else what the terminal says, else 80. */
  static int columns(Map<String, String> environment) {
    int said = number(environment.getOrDefault("COLUMNS", ""));
    int columns = said > 0 ? said : ask();
    return columns <= 0 ? USUAL : Math.max(LEAST, Math.min(MOST, columns));
  }

  private static int number(String text) {
    return text.matches("\\d{1,4}") ? Integer.parseInt(text) : 0;
  }

  private static int ask() {
    if (!System.getProperty("os.name").equals("Linux")
        || !System.getProperty("os.arch").matches("amd64|x86_64|aarch64")) {
      return 0;
    }
    try (Memory size = new Memory(8)) { // rows, columns and two of pixels, 16 bits each
      size.clear();
      int failed =
          NativeLibrary.getInstance("c")
              .getFunction("ioctl")
              .invokeInt(new Object[] {STDERR, TIOCGWINSZ, size});
      return failed != 0 ? 0 : size.getShort(2);
    } catch (UnsatisfiedLinkError | NoClassDefFoundError withoutNativeCode) {
      return 0;
    }
  }
}
