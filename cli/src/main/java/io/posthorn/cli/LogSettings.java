package io.posthorn.cli;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.logging.LogManager;

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
      java.util.logging.SimpleFormatter.format = posthorn: %5$s%n
      io.posthorn.buffers.level = OFF
      """;

  /** Called by {@link LogManager}. */
  public LogSettings() throws IOException {
    byte[] settings = SETTINGS.getBytes(StandardCharsets.ISO_8859_1);
    LogManager.getLogManager().readConfiguration(new ByteArrayInputStream(settings));
  }

  /** Has them read, if no other settings are asked for. */
  static void use() {
    if (System.getProperty(CLASS) == null && System.getProperty(FILE) == null) {
      System.setProperty(CLASS, LogSettings.class.getName());
    }
  }
}
