package io.posthorn.cli.proxy;

import io.posthorn.cli.sockets.ControlChannel;
import io.posthorn.cli.sockets.ControlListener;
import java.io.Closeable;
import java.io.IOException;
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

  private final String greeting;
  private final Function<String, String> obey;
  private final Consumer<String> answered;
  private final ControlListener listener;

  private OrderDoor(
      Path folder, String greeting, Function<String, String> obey, Consumer<String> answered)
      throws IOException {
    this.greeting = greeting;
    this.obey = obey;
    this.answered = answered;
    this.listener = ControlListener.open(folder, SUFFIX, "posthorn-orders-door", this::takeOrder);
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
    return new OrderDoor(folder, FIRST_WORDS + local + ' ' + target + '\n', obey, answered);
  }

  private void takeOrder(ControlChannel asker) throws IOException {
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
  }

  @Override
  public void close() {
    listener.close();
  }
}
