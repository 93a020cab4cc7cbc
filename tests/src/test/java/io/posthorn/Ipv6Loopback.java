package io.posthorn;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetAddress;

/** Whether the machine has ::1: containers often have no IPv6. */
public final class Ipv6Loopback {
  private Ipv6Loopback() {}

  /** Skips the test if it needs IPv6, as one of these addresses says, and there is none. */
  public static void assumeIfNeeded(String... addresses) throws IOException {
    for (String address : addresses) {
      if (InetAddress.getByName(address) instanceof Inet6Address) {
        assumeThere();
      }
    }
  }

  /** Skips the test if there is no IPv6. */
  public static void assumeThere() {
    byte[] loopback = new byte[16];
    loopback[15] = 1;
    boolean there = true;
    try {
      new DatagramSocket(0, InetAddress.getByAddress(loopback)).close();
    } catch (IOException e) {
      there = false;
    }
    assumeTrue(there, "this machine has no ::1");
  }
}
