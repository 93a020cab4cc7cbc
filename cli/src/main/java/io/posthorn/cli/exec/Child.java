package io.posthorn.cli.exec;

import io.posthorn.AddressText;
import io.posthorn.Connection;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One child process: how it is started and how it is made to end. */
final class Child {
  /** How long a child may take after SIGTERM before SIGKILL. */
  static final long KILL_AFTER_MILLIS = 5_000;

  private final Process process;
  private final ExecTimer timer;
  private final Runnable onKilled;

  /** Told to end, and killed after a while: it and what it had started then. */
  private final Set<ProcessHandle> doomed = new LinkedHashSet<>();

  private Child(Process process, ExecTimer timer, Runnable onKilled) {
    this.process = process;
    this.timer = timer;
    this.onKilled = onKilled;
  }

  /**
   * Starts it; it learns from its environment whom it serves.
   *
   * @param onKilled called when what was told to end has been killed
   */
  static Child start(
      ChildCommand command,
      Connection connection,
      int localPort,
      ExecTimer timer,
      Runnable onKilled)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command.words());
    Map<String, String> environment = builder.environment();
    environment.remove(ChildCommand.SECRET_VARIABLE); // it serves others, who are not to learn it
    InetSocketAddress peer = connection.remoteAddress();
    InetAddress host = peer.getAddress();
    String address = host == null ? peer.getHostString() : AddressText.ofHost(host);
    environment.put("POSTHORN_PEER_HOST", address);
    environment.put("POSTHORN_PEER_PORT", Integer.toString(peer.getPort()));
    environment.put("POSTHORN_PEER", AddressText.of(peer));
    String fingerprint = connection.peerFingerprint();
    if (fingerprint != null) {
      environment.put("POSTHORN_FINGERPRINT", fingerprint);
    }
    environment.put("POSTHORN_LOCAL_PORT", Integer.toString(localPort));
    return new Child(builder.start(), timer, onKilled);
  }

  Process process() {
    return process;
  }

  /** Asks it and its descendants to end (SIGTERM), and kills what is left after a while. */
  void terminate() {
    if (!process.isAlive()) {
      return;
    }
    List<ProcessHandle> family = family();
    synchronized (this) {
      doomed.addAll(family);
    }
    family.forEach(ProcessHandle::destroy);
    timer.after(
        KILL_AFTER_MILLIS,
        () -> {
          kill();
          onKilled.run();
        });
  }

  /** Whether it has ended, and all that was told to end with it. */
  synchronized boolean isGone() {
    return !process.isAlive() && doomed.stream().noneMatch(ProcessHandle::isAlive);
  }

  /** Kills it, its descendants, and what was told to end with it. */
  private void kill() {
    all().forEach(ProcessHandle::destroyForcibly);
  }

  private Set<ProcessHandle> all() {
    Set<ProcessHandle> all = new LinkedHashSet<>(family());
    synchronized (this) {
      all.addAll(doomed);
    }
    return all;
  }

  /** Descendants are named before the first ends, for then they would be somebody else's. */
  private List<ProcessHandle> family() {
    ProcessHandle self = process.toHandle();
    return java.util.stream.Stream.concat(self.descendants(), java.util.stream.Stream.of(self))
        .toList();
  }

  /** Waits for the end of it and of all told to end with it; kills them if that takes too long. */
  void awaitEnd() throws InterruptedException {
    CompletableFuture<?>[] ends =
        all().stream().map(ProcessHandle::onExit).toArray(CompletableFuture<?>[]::new);
    try {
      CompletableFuture.allOf(ends).get(KILL_AFTER_MILLIS, TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException staying) {
      kill();
      process.waitFor();
    }
  }

  /** Gives its descriptors back. */
  void closeStreams() {
    closeQuietly(process.getOutputStream());
    closeQuietly(process.getInputStream());
    closeQuietly(process.getErrorStream());
  }

  private static void closeQuietly(java.io.Closeable stream) {
    try {
      stream.close();
    } catch (IOException broken) {
      return; // the descriptor is gone all the same: nobody reads what was left
    }
  }
}
