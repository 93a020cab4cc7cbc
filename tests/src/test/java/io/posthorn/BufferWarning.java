package io.posthorn;

import java.util.logging.Level;
import java.util.logging.Logger;

/** That the kernel cuts buffers is the machine's affair, where a test wants no word on a stream. */
public final class BufferWarning {
  private static final Logger LOGGER = Logger.getLogger("io.posthorn.buffers");

  private BufferWarning() {}

  /** Keeps this process from being told. */
  public static void silence() {
    LOGGER.setLevel(Level.OFF);
  }
}
