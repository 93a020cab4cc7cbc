package io.posthorn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;

class AddressTextTest {
  @Test
  void isTheAddressWhetherOrNotItCameFromAName() throws UnknownHostException {
    byte[] four = {(byte) 192, 0, 2, 1};
    assertEquals("192.0.2.1:9000", text(InetAddress.getByAddress(four)));
    assertEquals("192.0.2.1:9000", text(InetAddress.getByAddress("host.test", four)));
  }

  @Test
  void bracketsKeepAnAddressWithColonsFromItsPort() throws UnknownHostException {
    byte[] six = new byte[16];
    six[0] = (byte) 0xfe;
    six[1] = (byte) 0x80;
    six[15] = 1;
    assertEquals("[fe80:0:0:0:0:0:0:1]:9000", text(InetAddress.getByAddress(six)));
  }

  @Test
  void aNameStandsOnlyWhereNoAddressIsKnown() {
    assertEquals(
        "host.test:53", AddressText.of(InetSocketAddress.createUnresolved("host.test", 53)));
  }

  @Test
  void everyAddressOfTheHostIsAnAsterisk() throws UnknownHostException {
    assertEquals("*:9000", text(InetAddress.getByAddress(new byte[4])));
    assertEquals("*:9000", text(InetAddress.getByAddress(new byte[16])));
  }

  private static String text(InetAddress host) {
    return AddressText.of(new InetSocketAddress(host, 9000));
  }
}
