package io.posthorn.cli.session;

import io.posthorn.Connection;

/**
 * What the commands say that they speak: the peer learns it in the handshake, before any message
 * (cli/SESSIONS.md §1).
 */
public enum Application {
  /** {@code posthorn connect}. */
  CONNECT("posthorn-connect/1"),
  /** {@code posthorn send}. */
  SEND("posthorn-send/1"),
  /** {@code posthorn listen}. */
  LISTEN("posthorn-listen/1"),
  /** {@code posthorn listen --exec}. */
  EXEC("posthorn-exec/1"),
  /** {@code posthorn copy}. */
  COPY("posthorn-copy/1"),
  /** {@code posthorn receive}. */
  RECEIVE("posthorn-receive/1"),
  /** {@code posthorn bench}, and {@code posthorn compare --host}, on either side. */
  BENCH("posthorn-bench/1"),
  /** {@code posthorn doctor}. */
  DOCTOR("posthorn-doctor/1"),
  /** Another program, or a command that has nothing to say. */
  OTHER("");

  private final String words;

  Application(String words) {
    this.words = words;
  }

  /** What goes over the wire. */
  public String words() {
    return words;
  }

  /** What the peer of a connection speaks. */
  public static Application of(Connection connection) {
    String said = connection.peerApplication();
    for (Application one : values()) {
      if (one.words.equals(said)) {
        return one;
      }
    }
    return OTHER;
  }
}
