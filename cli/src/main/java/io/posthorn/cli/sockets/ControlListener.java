package io.posthorn.cli.sockets;

import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A Unix-domain socket in the control folder, called by the number of this process and a suffix, at
 * which one program after the other of this user is spoken with.
 */
public final class ControlListener implements Closeable {
  /** What is said to whoever connects. */
  public interface Conversation {
    /** Says it; called by one thread. What goes wrong ends this conversation alone. */
    void with(ControlChannel asker) throws IOException;
  }

  private final Path file;
  private final ServerSocketChannel listener;
  private final Conversation conversation;

  private ControlListener(Path file, ServerSocketChannel listener, Conversation conversation) {
    this.file = file;
    this.listener = listener;
    this.conversation = conversation;
  }

  /**
   * Opens the socket and begins to listen, on a daemon thread.
   *
   * @param folder as {@link ControlFolder#open} answered it
   * @param thread the name of the thread
   * @throws IOException if it cannot be opened
   */
  public static ControlListener open(
      Path folder, String suffix, String thread, Conversation conversation) throws IOException {
    Path file = folder.resolve(ProcessHandle.current().pid() + suffix);
    Files.deleteIfExists(file); // a dead process had this number
    // Under another name until it listens: whoever meets one that does not takes it for dead.
    Path fresh = folder.resolve(file.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      listener.bind(UnixDomainSocketAddress.of(fresh));
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException failed) {
      listener.close();
      Files.deleteIfExists(fresh);
      throw failed;
    }
    ControlListener control = new ControlListener(file, listener, conversation);
    Thread serving = new Thread(control::serve, thread);
    serving.setDaemon(true);
    serving.start();
    return control;
  }

  private void serve() {
    while (listener.isOpen()) {
      try (ControlChannel asker = ControlChannel.of(listener.accept())) {
        conversation.with(asker);
      } catch (IOException gone) {
        // Whoever asked went away, or the listener was closed.
        Thread.onSpinWait();
      }
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
      Files.deleteIfExists(file);
    } catch (IOException left) {
      // Whoever looks next finds it dead and removes it.
      Thread.onSpinWait();
    }
  }
}
