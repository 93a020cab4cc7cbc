package io.posthorn.cli;

import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Tells systemd how a service fares, sd_notify(3): a datagram to the Unix socket that {@code
 * NOTIFY_SOCKET} names. Java has no such datagrams, so the call is the C library's.
 */
final class SystemdNotify {
  private static final int AF_UNIX = 1;
  private static final int SOCK_DGRAM_CLOEXEC = 2 | 0x80000;
  private static final int FAMILY_BYTES = 2;
  private static final int LONGEST_PATH_BYTES = 107;

  private SystemdNotify() {}

  /** The service is ready to serve. */
  static void ready(Map<String, String> environment, String status) {
    send(environment, "READY=1\nSTATUS=" + TextSafety.visible(status));
  }

  /** The service ends. */
  static void stopping(Map<String, String> environment) {
    send(environment, "STOPPING=1");
  }

  private static void send(Map<String, String> environment, String text) {
    String path = environment.getOrDefault("NOTIFY_SOCKET", "");
    byte[] name = path.getBytes(StandardCharsets.UTF_8);
    if (name.length < 2 || name.length > LONGEST_PATH_BYTES) {
      return;
    }
    if (name[0] == '@') {
      name[0] = 0; // an abstract socket, unix(7)
    }
    byte[] message = text.getBytes(StandardCharsets.UTF_8);
    try (Memory address = new Memory(FAMILY_BYTES + LONGEST_PATH_BYTES + 1L);
        Memory body = new Memory(message.length)) {
      address.clear();
      address.setShort(0, (short) AF_UNIX);
      address.write(FAMILY_BYTES, name, 0, name.length);
      body.write(0, message, 0, message.length);
      int addressBytes = FAMILY_BYTES + name.length + (name[0] == 0 ? 0 : 1);
      NativeLibrary libc = NativeLibrary.getInstance("c");
      int fd = libc.getFunction("socket").invokeInt(new Object[] {AF_UNIX, SOCK_DGRAM_CLOEXEC, 0});
      if (fd < 0) {
        return;
      }
      Object[] arguments = {fd, body, (long) message.length, 0, address, addressBytes};
      libc.getFunction("sendto").invokeInt(arguments);
      libc.getFunction("close").invokeInt(new Object[] {fd});
    } catch (LinkageError notHere) {
      // A system where JNA does not run has no systemd either.
      Thread.onSpinWait();
    }
  }
}
