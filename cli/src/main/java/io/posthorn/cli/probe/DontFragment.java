package io.posthorn.cli.probe;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.nio.channels.DatagramChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Has a socket's datagrams travel in one piece or not at all: the JDK's own option from Java 19 on,
 * and before that setsockopt(2) on Linux, by the descriptor that has the socket's port.
 */
final class DontFragment {
  // Linux, in.h and in6.h.
  private static final int IPPROTO_IP = 0;
  private static final int IP_MTU_DISCOVER = 10;
  private static final int IPPROTO_IPV6 = 41;
  private static final int IPV6_MTU_DISCOVER = 23;
  private static final int PMTUDISC_PROBE = 3; // set the bit, whatever the kernel believes

  private static final int SOCKADDR_BYTES = 128;
  private static final int PORT_AT = 2; // in sockaddr_in and sockaddr_in6 alike, big-endian

  private DontFragment() {}

  /** Asks for it; answers whether the system granted it. */
  static boolean set(DatagramChannel channel, boolean ipv6) {
    try {
      return setByOption(channel) || (isLinux() && setByCall(channel, ipv6));
    } catch (IOException | LinkageError | RuntimeException notHere) {
      return false; // a system where JNA does not run, or that refuses: said by the answer
    }
  }

  private static boolean isLinux() {
    return System.getProperty("os.name", "").equals("Linux") && Native.POINTER_SIZE == 8;
  }

  @SuppressWarnings("unchecked") // the field's documentation says that its type is Boolean
  private static boolean setByOption(DatagramChannel channel) throws IOException {
    try {
      Object option =
          Class.forName("jdk.net.ExtendedSocketOptions").getField("IP_DONTFRAGMENT").get(null);
      SocketOption<Boolean> dontFragment = (SocketOption<Boolean>) option;
      if (!channel.supportedOptions().contains(dontFragment)) {
        return false;
      }
      channel.setOption(dontFragment, true);
      return true;
    } catch (ReflectiveOperationException beforeJava19) {
      return false;
    }
  }

  private static boolean setByCall(DatagramChannel channel, boolean ipv6) throws IOException {
    int port = ((InetSocketAddress) channel.getLocalAddress()).getPort();
    NativeLibrary libc = NativeLibrary.getInstance("c");
    try (Memory value = new Memory(Integer.BYTES);
        DirectoryStream<Path> entries = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      value.setInt(0, PMTUDISC_PROBE);
      for (Path entry : entries) {
        int fd = Integer.parseInt(String.valueOf(entry.getFileName()));
        if (localPort(libc, fd) == port) {
          Object[] arguments = {
            fd,
            ipv6 ? IPPROTO_IPV6 : IPPROTO_IP,
            ipv6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER,
            value,
            Integer.BYTES
          };
          // A TCP socket may have the same port: it takes the option too, and has no use for it.
          if (libc.getFunction("setsockopt").invokeInt(arguments) == 0) {
            return true;
          }
        }
      }
    } catch (DirectoryIteratorException unreadable) {
      throw unreadable.getCause();
    }
    return false;
  }

  private static int localPort(NativeLibrary libc, int fd) {
    try (Memory address = new Memory(SOCKADDR_BYTES);
        Memory length = new Memory(Integer.BYTES)) {
      length.setInt(0, SOCKADDR_BYTES);
      Object[] arguments = {fd, address, length};
      if (libc.getFunction("getsockname").invokeInt(arguments) < 0) {
        return -1;
      }
      return ((address.getByte(PORT_AT) & 0xff) << 8) | (address.getByte(PORT_AT + 1) & 0xff);
    }
  }
}
