package io.posthorn.cli;

import io.posthorn.MessageSocket;
import io.posthorn.Security;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.io.TempDir;

/** Commands in this process, and peers of them over the loopback. */
abstract class LoopbackCommands {
  static final InetAddress HERE = InetAddress.getLoopbackAddress();
  static final InetSocketAddress ANY = new InetSocketAddress(HERE, 0);
  static final InputStream NOTHING = InputStream.nullInputStream();

  @TempDir Path home;
  final Collected out = new Collected();
  final Collected err = new Collected();

  /** Runs a command line whose errors are collected; answers the exit status. */
  int run(InputStream in, OutputStream to, String... words) {
    return new Posthorn(
            new Streams(in, to, err, false, false, Map.of("POSTHORN_HOME", home.toString())))
        .run(words);
  }

  /** Runs it in a thread of its own, with nothing to read. */
  CompletableFuture<Integer> start(String... words) {
    CompletableFuture<Integer> status = new CompletableFuture<>();
    Thread thread = new Thread(() -> status.complete(run(NOTHING, out, words)), "command");
    thread.setDaemon(true);
    thread.start();
    return status;
  }

  static MessageSocket peer() throws IOException {
    return MessageSocket.builder().security(Security.ephemeral()).bind(ANY).open();
  }

  /** The address as a command line has it. */
  static String at(MessageSocket socket) {
    return "127.0.0.1:" + socket.localAddress().getPort();
  }
}
