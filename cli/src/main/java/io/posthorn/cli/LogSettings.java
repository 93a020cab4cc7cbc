package io.posthorn.cli;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.logging.Formatter;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;

/**
 * How what the library logs comes out in the program, unless its user says otherwise: a warning,
 * such as of a trace whose disk is full, is one line of words. Read by {@link LogManager} when the
 * first logger is made, which costs too much for a program that opens no socket.
 */
public final class LogSettings {
  private static final String CLASS = "java.util.logging.config.class";
  private static final String FILE = "java.util.logging.config.file";

  // That the kernel cuts the buffers of sockets, as it does on most machines, the doctor tells.
  private static final String SETTINGS =
      """
      handlers = java.util.logging.ConsoleHandler
      io.posthorn.buffers.level = OFF
      java.util.logging.ConsoleHandler.formatter = \
      """;
  // In UTF-8 as all other lines of JSON are, whatever the locale has.
  private static final String JSON_ENCODING =
      """
      java.util.logging.ConsoleHandler.encoding = UTF-8
      """;

  private static volatile boolean asJson;

  /** A line of the log as other lines of standard error are: it may name what a peer said. */
  public static final class AsText extends Formatter {
    /** Called by the handler. */
    public AsText() {}

    @Override
    public String format(LogRecord said) {
      return "posthorn: " + TextSafety.visible(formatMessage(said)) + System.lineSeparator();
    }
  }

  /** A line of the log as other lines of standard error are with {@code --json}. */
  public static final class AsJson extends Formatter {
    /** Called by the handler. */
    public AsJson() {}

    @Override
    public String format(LogRecord said) {
      return new JsonText()
              .beginObject()
              .beginObject("problem")
              .put("what", formatMessage(said))
              .endObject()
              .endObject()
          + "\n";
    }
  }

  /** Called by {@link LogManager}. */
  public LogSettings() throws IOException {
    String text =
        asJson
            ? JSON_ENCODING + SETTINGS + AsJson.class.getName()
            : SETTINGS + AsText.class.getName();
    byte[] settings = text.getBytes(StandardCharsets.ISO_8859_1);
    LogManager.getLogManager().readConfiguration(new ByteArrayInputStream(settings));
  }

  /** Whether what the program says is JSON; before it opens its first socket. */
  static void setJson(boolean json) {
    asJson = json;
  }

  /** Has them read, if no other settings are asked for. */
  static void use() {
    if (System.getProperty(CLASS) == null && System.getProperty(FILE) == null) {
      System.setProperty(CLASS, LogSettings.class.getName());
    }
  }
}
