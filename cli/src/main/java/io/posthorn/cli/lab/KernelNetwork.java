package io.posthorn.cli.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What Linux says about the network namespace that this process is in. */
final class KernelNetwork {
  private static final Path CONTROLLER = Path.of("/proc/sys/net/ipv4/tcp_congestion_control");
  private static final Path AVAILABLE =
      Path.of("/proc/sys/net/ipv4/tcp_available_congestion_control");
  private static final Path COUNTERS = Path.of("/proc/net/snmp");
  private static final Path INTERFACES = Path.of("/proc/net/dev");

  /** Place of "drop" among the figures of what was sent. */
  private static final int SEND_DROPS_AT = 11;

  private KernelNetwork() {}

  /** The congestion controller that new sockets get. */
  static String congestionController() throws IOException {
    return Files.readString(CONTROLLER).strip();
  }

  /** The congestion controllers that the kernel has ready, parted by blanks. */
  static String availableControllers() throws IOException {
    return Files.readString(AVAILABLE).strip();
  }

  /** How many UDP datagrams of this namespace found the receiver's buffer full. */
  static long receiveBufferOverflows() throws IOException {
    return counter(Files.readAllLines(COUNTERS), "Udp:", "RcvbufErrors");
  }

  /**
   * A counter from the two-line tables of {@code /proc/net/snmp}: names, then numbers.
   *
   * @throws IOException if it is not there
   */
  static long counter(List<String> lines, String table, String name) throws IOException {
    int at = -1;
    for (String line : lines) {
      List<String> words = List.of(line.strip().split("\\s+", -1));
      if (!words.get(0).equals(table)) {
        continue;
      }
      if (at >= 0 && at < words.size()) {
        return Long.parseLong(words.get(at));
      }
      at = words.indexOf(name);
    }
    throw new IOException("no counter " + table + " " + name + " in " + COUNTERS);
  }

  /** How many packets an interface could not queue for sending. */
  static long droppedOnSend(String interfaceName) throws IOException {
    return droppedOnSend(Files.readAllLines(INTERFACES), interfaceName);
  }

  /**
   * The same from the lines of {@code /proc/net/dev}.
   *
   * @throws IOException if the interface or the figure is not there
   */
  static long droppedOnSend(List<String> lines, String interfaceName) throws IOException {
    for (String line : lines) {
      int colon = line.indexOf(':');
      if (colon > 0 && line.substring(0, colon).strip().equals(interfaceName)) {
        String[] figures = line.substring(colon + 1).strip().split("\\s+", -1);
        if (figures.length > SEND_DROPS_AT) {
          return Long.parseLong(figures[SEND_DROPS_AT]);
        }
      }
    }
    throw new IOException("no figures of the interface " + interfaceName + " in " + INTERFACES);
  }
}
