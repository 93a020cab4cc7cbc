package io.posthorn.cli.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;

/** Any control message of a session is understood, and says the same again, or is none. */
public final class SessionControlFuzz {
  private SessionControlFuzz() {}

  /** Takes a message. */
  public static void fuzzerTestOneInput(byte[] message) {
    SessionControl read = SessionControl.parse(message);
    if (read != null) {
      assertEquals(read, SessionControl.parse(read.toBytes()));
    }
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    return List.of(
        new SessionControl.End(7).toBytes(),
        new SessionControl.Exit(3, 12, 999_999_999_999_999_999L).toBytes());
  }
}
