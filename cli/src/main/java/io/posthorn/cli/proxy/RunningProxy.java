package io.posthorn.cli.proxy;

import io.posthorn.cli.sockets.ControlChannel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/**
 * A proxy of this user in another process, which takes orders.
 *
 * @param door the file of its socket
 * @param process its number
 * @param local where it listens
 * @param target where it passes datagrams on to
 */
public record RunningProxy(Path door, long process, String local, String target) {
  private static final int WORDS = 4;

  /**
   * All of them; doors that nobody holds any more are removed.
   *
   * @param folder of the control sockets
   * @throws IOException if the folder is not this user's alone
   */
  public static List<RunningProxy> all(Path folder) throws IOException {
    List<RunningProxy> found =
        ControlChannel.askAll(
            folder, OrderDoor.SUFFIX, (file, holder) -> ofGreeting(file, holder.readLine()));
    found.sort(Comparator.comparing(RunningProxy::local));
    return found;
  }

  private static List<RunningProxy> ofGreeting(Path file, String greeting) {
    String[] words = greeting.replaceAll("\\p{Cntrl}", "?").split(" ", -1);
    String name = String.valueOf(file.getFileName());
    String number = name.substring(0, name.length() - OrderDoor.SUFFIX.length());
    return greeting.startsWith(OrderDoor.FIRST_WORDS)
            && words.length == WORDS
            && number.matches("[0-9]{1,18}")
        ? List.of(new RunningProxy(file, Long.parseLong(number), words[2], words[3]))
        : List.of(); // of another version, which says something else
  }

  /**
   * Whether it listens at a port, or at an address.
   *
   * @param where {@code 9001}, or an address as {@link #local} has it
   */
  public boolean listensAt(String where) {
    int colon = where.lastIndexOf(':');
    return local.substring(local.lastIndexOf(':') + 1).equals(where.substring(colon + 1))
        && (colon < 0 || local.startsWith("*:") || local.equals(where));
  }

  /**
   * Tells it something.
   *
   * @throws IOException if it is gone or does not answer
   */
  public OrderAnswer tell(ProxyOrder order) throws IOException {
    try (ControlChannel channel = ControlChannel.connect(door)) {
      channel.readLine(); // its greeting
      channel.write(order.toLine() + '\n');
      OrderAnswer answer = OrderAnswer.ofLine(channel.readLine());
      if (answer == null) {
        throw new IOException("it answers nothing that makes sense");
      }
      return answer;
    }
  }

  /** In words. */
  public String text() {
    return local + " (process " + process + ")";
  }
}
