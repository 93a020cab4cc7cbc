package io.posthorn.cli.sockets;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a port number says: its class by RFC 6335 §6, and the service that services(5) knows at it.
 * A port in the range from which this system gives out ports is ephemeral too.
 */
public final class PortNames {
  private static final int FIRST_REGISTERED = 1_024;
  private static final int FIRST_DYNAMIC = 49_152;

  private final Map<String, String> services = new HashMap<>(); // by "udp/53"
  private final int firstEphemeral;
  private final int lastEphemeral;

  /**
   * Reads a system's files; one that cannot be read names nothing.
   *
   * @param servicesFile {@code /etc/services} but in tests
   * @param rangeFile {@code /proc/sys/net/ipv4/ip_local_port_range} but in tests
   */
  public PortNames(Path servicesFile, Path rangeFile) {
    readServices(servicesFile);
    int[] range = range(rangeFile);
    firstEphemeral = range[0];
    lastEphemeral = range[1];
  }

  private void readServices(Path file) {
    try {
      for (String line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
        int comment = line.indexOf('#');
        String[] words =
            (comment < 0 ? line : line.substring(0, comment)).strip().split("\\s+", -1);
        int slash = words.length < 2 ? -1 : words[1].indexOf('/');
        if (slash > 0 && words[0].matches("[!-~]+")) {
          String key = words[1].substring(slash + 1) + "/" + words[1].substring(0, slash);
          services.putIfAbsent(key, words[0]);
        }
      }
    } catch (IOException none) {
      services.clear();
    }
  }

  private static int[] range(Path file) {
    try {
      // By lines: the kernel gives the whole to one read alone, and readString begins with a byte.
      List<String> lines = Files.readAllLines(file, StandardCharsets.US_ASCII);
      String[] words = String.join(" ", lines).strip().split("\\s+", -1);
      if (words.length == 2 && words[0].matches("[0-9]{1,5}") && words[1].matches("[0-9]{1,5}")) {
        return new int[] {Integer.parseInt(words[0]), Integer.parseInt(words[1])};
      }
    } catch (IOException notLinux) {
      return new int[] {FIRST_DYNAMIC, 65_535};
    }
    return new int[] {FIRST_DYNAMIC, 65_535};
  }

  /** The service at a port, or an empty text. */
  public String service(String protocol, int port) {
    return services.getOrDefault((protocol.equals("tcp") ? "tcp/" : "udp/") + port, "");
  }

  /** well-known, registered or ephemeral. */
  public String classOf(int port) {
    if (port < FIRST_REGISTERED) {
      return "well-known";
    }
    return port >= FIRST_DYNAMIC || (port >= firstEphemeral && port <= lastEphemeral)
        ? "ephemeral"
        : "registered";
  }
}
