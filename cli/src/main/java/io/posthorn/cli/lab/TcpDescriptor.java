package io.posthorn.cli.lab;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The file descriptor of one of this process's TCP sockets, for what Java has no way to ask: which
 * congestion controller it has, and what it sent again.
 *
 * <p>The socket stays Java's: nothing here closes it, and nothing here may be called after it was
 * closed.
 */
final class TcpDescriptor {
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
  private static final int SOCKADDR_BYTES = 128;

  /** In struct sockaddr_in and sockaddr_in6 alike, big-endian. */
  private static final int PORT_AT = 2;

  private static final int NAME_BYTES = 16;

  /** struct tcp_info, linux/tcp.h: tcpi_total_retrans and what stands before it. */
  private static final int TOTAL_RETRANS_AT = 100;

  private final int fd;

  private TcpDescriptor(int fd) {
    this.fd = fd;
  }

  /**
   * Finds the TCP socket that is bound to a local port.
   *
   * @param port of a socket of this process, which no other of its TCP sockets has
   * @return its descriptor
   * @throws IOException if there is none
   */
  static TcpDescriptor ofLocalPort(int port) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(DESCRIPTORS)) {
      for (Path entry : entries) {
        int fd = Integer.parseInt(String.valueOf(entry.getFileName()));
        if (localPort(fd) == port && isStream(fd)) {
          return new TcpDescriptor(fd);
        }
      }
    } catch (DirectoryIteratorException unreadable) {
      throw unreadable.getCause();
    }
    throw new IOException("no TCP socket of this process has the local port " + port);
  }

  /** The local port of a socket; -1 for what is none. */
  private static int localPort(int fd) {
    try (Memory address = new Memory(SOCKADDR_BYTES);
        Memory length = new Memory(Integer.BYTES)) {
      length.setInt(0, SOCKADDR_BYTES);
      if (TunCalls.getsockname(fd, address, length) < 0) {
        return -1;
      }
      return ((address.getByte(PORT_AT) & 0xff) << 8) | (address.getByte(PORT_AT + 1) & 0xff);
    }
  }

  private static boolean isStream(int fd) {
    try (Memory type = new Memory(Integer.BYTES);
        Memory length = new Memory(Integer.BYTES)) {
      length.setInt(0, Integer.BYTES);
      return TunCalls.getsockopt(fd, TunCalls.SOL_SOCKET, TunCalls.SO_TYPE, type, length) == 0
          && type.getInt(0) == TunCalls.SOCK_STREAM;
    }
  }

  /**
   * The congestion controller that the socket has.
   *
   * @return its name, such as {@code cubic}
   * @throws IOException if the kernel does not say
   */
  String congestionController() throws IOException {
    try (Memory name = new Memory(NAME_BYTES);
        Memory length = new Memory(Integer.BYTES)) {
      name.clear();
      length.setInt(0, NAME_BYTES);
      check(
          TunCalls.getsockopt(fd, TunCalls.IPPROTO_TCP, TunCalls.TCP_CONGESTION, name, length),
          "read TCP's congestion controller");
      return name.getString(0, StandardCharsets.US_ASCII.name());
    }
  }

  /**
   * Gives the socket a congestion controller, best before it is connected.
   *
   * @param name such as {@code cubic}
   * @throws IOException if the kernel does not have it or does not allow it
   */
  void setCongestionController(String name) throws IOException {
    byte[] ascii = name.getBytes(StandardCharsets.US_ASCII);
    if (ascii.length == 0 || ascii.length >= NAME_BYTES) {
      throw new IOException("the kernel has no congestion controller called \"" + name + "\"");
    }
    try (Memory value = new Memory(ascii.length)) {
      value.write(0, ascii, 0, ascii.length);
      check(
          TunCalls.setsockopt(
              fd, TunCalls.IPPROTO_TCP, TunCalls.TCP_CONGESTION, value, ascii.length),
          "give TCP the congestion controller "
              + name
              + " (the kernel has "
              + KernelNetwork.availableControllers()
              + ")");
    }
  }

  /**
   * How many segments the socket sent again since it began, SYN included (tcpi_total_retrans).
   *
   * @return 0 or more
   * @throws IOException if the kernel does not say
   */
  long retransmittedSegments() throws IOException {
    int bytes = TOTAL_RETRANS_AT + Integer.BYTES;
    try (Memory info = new Memory(bytes);
        Memory length = new Memory(Integer.BYTES)) {
      length.setInt(0, bytes);
      check(
          TunCalls.getsockopt(fd, TunCalls.IPPROTO_TCP, TunCalls.TCP_INFO, info, length),
          "read the state of TCP");
      if (length.getInt(0) < bytes) {
        throw new IOException("this kernel does not count what TCP sends again");
      }
      return Integer.toUnsignedLong(info.getInt(TOTAL_RETRANS_AT));
    }
  }

  private static void check(int result, String step) throws IOException {
    if (result < 0) {
      throw new IOException("cannot " + step + ": " + TunCalls.strerror(Native.getLastError()));
    }
  }
}
