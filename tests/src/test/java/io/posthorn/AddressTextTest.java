package io.posthorn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.Inet6Address;
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
    assertEquals("[fe80::1]:9000", text(InetAddress.getByAddress(six)));
  }

  /** RFC 5952: the first of the longest runs of zeros, and never a single one, is two colons. */
  @Test
  void ofIpv6TheFormIsTheShortOneThatAllShare() throws UnknownHostException {
    for (String form :
        new String[] {
          "::1",
          "1::",
          "2001:db8::1",
          "2001:db8:0:1:1:1:1:1",
          "2001:0:0:1::1",
          "2001:db8::1:0:0:1",
          "::2:3:4:5:6:0",
          "ff02::fb",
          "abcd:ef01:2345:6789:abcd:ef01:2345:6789"
        }) {
      assertEquals(form, AddressText.ofHost(InetAddress.getByName(form)));
      assertEquals("[" + form + "]:9000", text(InetAddress.getByName(form)));
    }
    byte[] link = InetAddress.getByName("fe80::1").getAddress();
    assertEquals("fe80::1%7", AddressText.ofHost(Inet6Address.getByAddress(null, link, 7)));
    assertEquals("::", AddressText.ofHost(InetAddress.getByAddress(new byte[16])));
    assertEquals("192.0.2.1", AddressText.ofHost(InetAddress.getByName("192.0.2.1")));
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
