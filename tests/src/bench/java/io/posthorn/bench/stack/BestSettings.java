package io.posthorn.bench.stack;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.TreeSet;

/**
 * With which setting each contender did best at each workload: what {@link Sweep} found, in a file
 * of the repository that {@link StackBench} reads.
 */
final class BestSettings {
  /** In the order of the tables; the first is what ratios are to. */
  private static final List<String> ONE_WAY =
      List.of("tcp", "tls", "clear", "sealed", "aeron", "quic", "kcp", "jgroups", "kryonet");

  /** As above, beside what goes without promises: in one datagram each, which only these fit. */
  private static final List<String> SMALL =
      List.of(
          "tcp",
          "tls",
          "clear",
          "sealed",
          "aeron",
          "quic",
          "kcp",
          "jgroups",
          "kryonet",
          "udp",
          "plain",
          "plain/nio");

  private static final List<String> HELD =
      List.of("aeron", "quic", "kcp", "jgroups", "clear", "sealed");

  private static final List<String> PING =
      List.of(
          "udp",
          "udp/spin",
          "plain",
          "clear",
          "clear/spin",
          "sealed",
          "sealed/spin",
          "tcp",
          "tls",
          "aeron",
          "quic",
          "kcp",
          "jgroups",
          "kryonet");

  private final Properties best = new Properties();

  private BestSettings() {}

  private static Path file() {
    return Path.of(System.getProperty("bench.settings", "best-settings.properties"));
  }

  static BestSettings read() throws IOException {
    BestSettings settings = new BestSettings();
    if (Files.exists(file())) {
      try (Reader in = Files.newBufferedReader(file())) {
        settings.best.load(in);
      }
    }
    return settings;
  }

  private static String key(String workload, String contender) {
    return workload.replace('/', '-') + "." + contender;
  }

  /** The contenders of a workload, by names that carry their settings. */
  List<String> names(String workload) {
    List<String> names = new ArrayList<>();
    for (String contender : contenders(workload)) {
      names.add(best.getProperty(key(workload, contender), contender));
    }
    return names;
  }

  private static List<String> contenders(String workload) {
    if (workload.equals("ping")) {
      return PING;
    }
    if (workload.equals("64")) {
      return SMALL;
    }
    return workload.contains("/") ? HELD : ONE_WAY;
  }

  void put(String workload, String contender, String name) {
    best.setProperty(key(workload, contender), name);
  }

  /** Writes all, in the order of their names and without a date, so that changes can be seen. */
  void write() throws IOException {
    try (Writer out = Files.newBufferedWriter(file())) {
      out.write("# Which setting of each contender was fastest; written by Sweep.\n");
      for (String name : new TreeSet<>(best.stringPropertyNames())) {
        out.write(name + "=" + best.getProperty(name) + "\n");
      }
    }
  }
}
