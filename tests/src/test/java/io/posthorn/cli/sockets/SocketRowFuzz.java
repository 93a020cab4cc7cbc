package io.posthorn.cli.sockets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** What another program says of its sockets: rows that are safe to print, or none. */
public final class SocketRowFuzz {
  private SocketRowFuzz() {}

  /** Takes a line. */
  public static void fuzzerTestOneInput(byte[] input) {
    SocketRow row = SocketRow.ofLine(new String(input, StandardCharsets.UTF_8));
    if (row == null) {
      return;
    }
    row.members()
        .forEach(
            (name, value) ->
                assertTrue(
                    value.toString().chars().allMatch(c -> c >= ' ' && c <= '~'),
                    name + " with control characters"));
    assertEquals(row, SocketRow.ofLine(row.toLine()));
    assertTrue(row.localPort() >= -1 && row.localPort() <= 65_535);
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    SocketRow udp = SocketRow.ofSystem("udp", "listening", "127.0.0.1:9000", "", 5, 0);
    return List.of(
        bytes(udp.toLine()),
        bytes(udp.ownedBy(77, "java").toLine()),
        bytes(
            "protocol=reliable\tstate=open\tlocal=[::1]:9000\tremote=[::1]:40001\trttNanos=1000"
                + "\tlimitedBy=window\tsent=x\tprogram= posthorn listen "),
        bytes("protocol=udp\tlocal=*:99999\tprocess=-5"),
        bytes("protocol=udp\nlocal=a"));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
