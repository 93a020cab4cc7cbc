package io.posthorn.runtime;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Sockets that are open in this virtual machine, so that {@code send(); return from main} delivers:
 * one shutdown hook flushes what was left open, all sockets at once, for at most three seconds.
 */
final class OpenSockets {
  private static final long LONGEST_LINGER_NANOS = 3_000_000_000L;
  private static final Set<SocketDriver> OPEN = ConcurrentHashMap.newKeySet();
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
    for (SocketDriver driver : OPEN) {
      driver.beginClose(Math.min(driver.lingerNanos(), LONGEST_LINGER_NANOS));
    }
    for (SocketDriver driver : OPEN) {
      driver.awaitClosed();
    }
  }
}
