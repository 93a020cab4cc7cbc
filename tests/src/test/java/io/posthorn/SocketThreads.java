package io.posthorn;

import java.util.List;
import java.util.Set;

/** The threads of sockets in this process. */
final class SocketThreads {
  private SocketThreads() {}

  /** All threads, those that other tests have left with them. */
  static Set<Thread> all() {
    return Thread.getAllStackTraces().keySet();
  }

  /** The names of those that came since; without those that end by themselves when idle. */
  static List<String> since(Set<Thread> before) {
    return all().stream()
        .filter(thread -> !before.contains(thread))
        .map(Thread::getName)
        .filter(name -> name.startsWith("posthorn-"))
        .filter(name -> !name.endsWith("completion") && !name.endsWith("listener"))
        .toList();
  }
}
