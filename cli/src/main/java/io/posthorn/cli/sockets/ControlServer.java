package io.posthorn.cli.sockets;

import java.io.Closeable;
import java.io.IOException;
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

  private final String command;
  private final List<Supplier<List<SocketRow>>> sources = new CopyOnWriteArrayList<>();

  private final ControlListener listener;

  private ControlServer(Path folder, String command) throws IOException {
    this.command = command;
    this.listener =
        ControlListener.open(folder, SUFFIX, "posthorn-control", asker -> asker.write(answer()));
  }

  /**
   * Opens the socket in its folder and begins to answer, on a daemon thread.
   *
   * @param folder as {@link ControlFolder#open} answered it
   * @param command what this process does, such as {@code listen}
   * @throws IOException if it cannot be opened
   */
  public static ControlServer open(Path folder, String command) throws IOException {
    return new ControlServer(folder, command);
  }

  /** Has a socket told of from now on; one that is closed has no rows any more. */
  public void add(Supplier<List<SocketRow>> source) {
    sources.add(source);
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
    listener.close();
  }
}
