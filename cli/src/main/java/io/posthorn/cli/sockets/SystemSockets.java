package io.posthorn.cli.sockets;

import io.posthorn.AddressText;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The operating system's own tables of UDP and TCP sockets: Linux's {@code /proc/net}, proc(5), of
 * the network namespace that this process is in.
 */
public final class SystemSockets {
  /** The states of TCP in the order of their numbers from 1 (the kernel's tcp_states.h). */
  private static final List<String> TCP_STATES =
      List.of(
          "established",
          "syn-sent",
          "syn-recv",
          "fin-wait-1",
          "fin-wait-2",
          "time-wait",
          "closed",
          "close-wait",
          "last-ack",
          "listening",
          "closing");

  private static final int LEAST_FIELDS = 10;

  private final Path proc;

  /** The tables under a folder, {@code /proc} but in tests. */
  public SystemSockets(Path proc) {
    this.proc = proc;
  }

  /** Whether this system has the tables. */
  public boolean isAvailable() {
    return Files.isReadable(proc.resolve("net/udp"));
  }

  /**
   * Reads the tables.
   *
   * @param processes whether to look for the processes, as far as this user may see them
   * @throws IOException if there are no tables
   */
  public List<SocketRow> read(boolean processes) throws IOException {
    Map<String, Long> owners = processes ? owners() : Map.of();
    List<SocketRow> rows = new ArrayList<>();
    for (String table : List.of("udp", "udp6", "tcp", "tcp6")) {
      Path file = proc.resolve("net").resolve(table);
      if (!Files.exists(file)) {
        continue; // a kernel without IPv6
      }
      List<String> lines = Files.readAllLines(file, StandardCharsets.US_ASCII);
      for (String line : lines.subList(Math.min(1, lines.size()), lines.size())) {
        SocketRow row = row(table, line.strip().split("\\s+", -1), owners);
        if (row != null) {
          rows.add(row);
        }
      }
    }
    return rows;
  }

  private @Nullable SocketRow row(String table, String[] fields, Map<String, Long> owners) {
    if (fields.length < LEAST_FIELDS) {
      return null;
    }
    InetSocketAddress local = address(fields[1]);
    InetSocketAddress remote = address(fields[2]);
    int state = (int) hex(fields[3]);
    int queues = fields[4].indexOf(':');
    if (local == null || remote == null || state < 1 || queues < 0) {
      return null;
    }
    boolean connected = remote.getPort() != 0;
    boolean isTcp = table.startsWith("tcp");
    // What is in those of IPv6 may hear IPv4 too, and does not tell.
    ProtocolFamily family = table.endsWith("6") ? null : StandardProtocolFamily.INET;
    String name =
        isTcp
            ? state <= TCP_STATES.size() ? TCP_STATES.get(state - 1) : "?"
            : connected ? "established" : "listening";
    long drops = isTcp ? -1 : number(fields[fields.length - 1]);
    SocketRow row =
        SocketRow.ofSystem(
            isTcp ? "tcp" : "udp",
            name,
            LocalText.of(local, family),
            connected ? AddressText.of(remote) : "",
            hex(fields[4].substring(0, queues)),
            drops);
    Long owner = owners.get(fields[9]);
    return owner == null ? row : row.ownedBy(owner, programOf(owner));
  }

  /** An address as the kernel prints it: words of 32 bits in the byte order of the machine. */
  static @Nullable InetSocketAddress address(String text) {
    int colon = text.indexOf(':');
    if (colon != 8 && colon != 32) {
      return null;
    }
    ByteBuffer bytes = ByteBuffer.allocate(colon / 2).order(java.nio.ByteOrder.nativeOrder());
    for (int at = 0; at < colon; at += 8) {
      long word = hex(text.substring(at, at + 8));
      if (word < 0) {
        return null;
      }
      bytes.putInt((int) word);
    }
    long port = hex(text.substring(colon + 1));
    try {
      return port < 0 || port > 65_535
          ? null
          : new InetSocketAddress(InetAddress.getByAddress(bytes.array()), (int) port);
    } catch (IOException impossible) {
      throw new IllegalStateException("4 or 16 bytes are an address", impossible);
    }
  }

  private static long hex(String text) {
    return text.matches("[0-9A-Fa-f]{1,8}") ? Long.parseLong(text, 16) : -1;
  }

  private static long number(String text) {
    return text.matches("[0-9]{1,18}") ? Long.parseLong(text) : -1;
  }

  /** Which process holds which socket, by the socket's inode; others' processes stay unseen. */
  private Map<String, Long> owners() throws IOException {
    Map<String, Long> owners = new HashMap<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
      for (Path process : processes) {
        addOwner(process, owners);
      }
    }
    return owners;
  }

  private static void addOwner(Path process, Map<String, Long> owners) {
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path descriptor : descriptors) {
        String target = Files.readSymbolicLink(descriptor).toString();
        if (target.startsWith("socket:[")) {
          owners.put(
              target.substring("socket:[".length(), target.length() - 1),
              number(process.getFileName().toString()));
        }
      }
    } catch (IOException | java.nio.file.DirectoryIteratorException unseen) {
      return; // another user's, or gone meanwhile
    }
  }

  private String programOf(long process) {
    try {
      String name =
          Files.readString(
              proc.resolve(Long.toString(process)).resolve("comm"), StandardCharsets.ISO_8859_1);
      return name.strip().replaceAll("[^ -~]", "?");
    } catch (IOException gone) {
      return "";
    }
  }
}
