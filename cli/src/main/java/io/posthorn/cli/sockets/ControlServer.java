package io.posthorn.cli.sockets;

import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/**
 * Tells whoever of the same user asks what sockets this process has: one Unix-domain socket, which
 * answers each connection with a line a socket and closes it. It takes no orders; a proxy has a
 * door of its own for them.
 */
public final class ControlServer implements Closeable {
  static final String SUFFIX = ".sock";
  static final String FIRST_LINE = "posthorn-sockets 1";

  private final Path file;
  private final String command;
  private final ServerSocketChannel listener;
  private final List<Supplier<List<SocketRow>>> sources = new CopyOnWriteArrayList<>();

  private ControlServer(Path file, String command, ServerSocketChannel listener) {
    this.file = file;
    this.command = command;
    this.listener = listener;
  }

  /**
   * Opens the socket in its folder and begins to answer, on a daemon thread.
   *
   * @param folder as {@link ControlFolder#open} answered it
   * @param command what this process does, such as {@code listen}
   * @throws IOException if it cannot be opened
   */
  public static ControlServer open(Path folder, String command) throws IOException {
    Path file = folder.resolve(ProcessHandle.current().pid() + SUFFIX);
    Files.deleteIfExists(file); // a dead process had this number
    ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      listener.bind(UnixDomainSocketAddress.of(file));
    } catch (IOException failed) {
      listener.close();
      throw failed;
    }
    ControlServer server = new ControlServer(file, command, listener);
    Thread thread = new Thread(server::serve, "posthorn-control");
    thread.setDaemon(true);
    thread.start();
    return server;
  }

  /** Has a socket told of from now on; one that is closed has no rows any more. */
  public void add(Supplier<List<SocketRow>> source) {
    sources.add(source);
  }

  private void serve() {
    while (listener.isOpen()) {
      try (ControlChannel asker = ControlChannel.of(listener.accept())) {
        asker.write(answer());
      } catch (IOException gone) {
        // Whoever asked went away, or the listener was closed.
        Thread.onSpinWait();
      }
    }
  }

  private String answer() {
    StringBuilder text = new StringBuilder(FIRST_LINE).append('\n');
    long process = ProcessHandle.current().pid();
    for (Supplier<List<SocketRow>> source : sources) {
      for (SocketRow row : source.get()) {
        text.append(row.ownedBy(process, command).toLine()).append('\n');
      }
    }
    return text.toString();
  }

  @Override
  public void close() {
    try {
      listener.close();
      Files.deleteIfExists(file);
    } catch (IOException left) {
      // The next survey finds it dead and removes it.
      sources.clear();
    }
  }
}
