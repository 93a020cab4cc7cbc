package io.posthorn.runtime;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Sockets that are open in this virtual machine, so that {@code send(); return from main} delivers:
 * one shutdown hook flushes what was left open, all sockets at once, for at most three seconds, and
 * lets receipts tell how they ended.
 */
final class OpenSockets {
  private static final long LONGEST_LINGER_NANOS = 3_000_000_000L;
  static final Set<SocketDriver> OPEN = ConcurrentHashMap.newKeySet();
  private static boolean hooked;

  private OpenSockets() {}

  static void add(SocketDriver driver) {
    OPEN.add(driver);
    hook();
  }

  static void remove(SocketDriver driver) {
    OPEN.remove(driver);
  }

  private static synchronized void hook() {
    if (hooked) {
      return;
    }
    hooked = true;
    try {
      Runtime.getRuntime().addShutdownHook(new Thread(OpenSockets::closeAll, "posthorn-shutdown"));
    } catch (IllegalStateException shuttingDown) {
      hooked = false; // too late for a hook; whoever opens a socket in another hook closes it
    }
  }

  private static void closeAll() {
    List<SocketDriver> open = List.copyOf(OPEN);
    beginClose(open);
    SocketLife.awaitClosed(open);
    for (SocketDriver driver : open) {
      if (!driver.life.awaitCompletions()) {
        return; // an action of the program hangs: so would that of the next socket
      }
    }
  }

  /** What was sent on each is flushed, for as long as the socket lingers, but 3 s at most. */
  static void beginClose(List<SocketDriver> open) {
    for (SocketDriver driver : open) {
      DriverGroup others = driver.group();
      if (others != null) {
        others.expectEnds();
      }
      driver.life.beginClose(Math.min(driver.lingerNanos(), LONGEST_LINGER_NANOS));
    }
  }
}
