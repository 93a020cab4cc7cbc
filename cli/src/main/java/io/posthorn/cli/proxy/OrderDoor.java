package io.posthorn.cli.proxy;

import io.posthorn.cli.sockets.ControlChannel;
import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Where a running proxy takes orders from other programs of its user: a Unix-domain socket beside
 * the one that tells of its sockets. Who connects is told which proxy this is, says one line, and
 * reads one line in answer.
 */
public final class OrderDoor implements Closeable {
  static final String SUFFIX = ".orders";
  static final String FIRST_WORDS = "posthorn-proxy 1 ";

  private final Path file;
  private final String greeting;
  private final ServerSocketChannel listener;
  private final Function<String, String> obey;
  private final Consumer<String> answered;

  private OrderDoor(
      Path file,
      String greeting,
      ServerSocketChannel listener,
      Function<String, String> obey,
      Consumer<String> answered) {
    this.file = file;
    this.greeting = greeting;
    this.listener = listener;
    this.obey = obey;
    this.answered = answered;
  }

  /**
   * Opens the door, on a daemon thread.
   *
   * @param folder as {@link io.posthorn.cli.sockets.ControlFolder#open} answered it
   * @param local where the proxy listens
   * @param target where it passes datagrams on to
   * @param obey answers an order with a line; called by one thread
   * @param answered called with the order when its answer was written, or nobody waited for it any
   *     more: time for what ends the process
   * @throws IOException if it cannot be opened
   */
  public static OrderDoor open(
      Path folder,
      String local,
      String target,
      Function<String, String> obey,
      Consumer<String> answered)
      throws IOException {
    Path file = folder.resolve(ProcessHandle.current().pid() + SUFFIX);
    Files.deleteIfExists(file); // a dead process had this number
    ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      listener.bind(UnixDomainSocketAddress.of(file));
    } catch (IOException failed) {
      listener.close();
      throw failed;
    }
    String greeting = FIRST_WORDS + local + ' ' + target + '\n';
    OrderDoor door = new OrderDoor(file, greeting, listener, obey, answered);
    Thread thread = new Thread(door::serve, "posthorn-orders-door");
    thread.setDaemon(true);
    thread.start();
    return door;
  }

  private void serve() {
    while (listener.isOpen()) {
      try (ControlChannel asker = ControlChannel.of(listener.accept())) {
        asker.write(greeting);
        String line = asker.readLine();
        if (!line.isEmpty()) { // else it only looked who is here
          String answer = obey.apply(line) + '\n';
          try {
            asker.write(answer);
          } finally {
            answered.accept(line);
          }
        }
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
