package io.posthorn.cli.probe;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What addresses tell of the way to a peer. */
class PeerChecksTest {
  private static boolean isTranslated(String to, String... own) throws UnknownHostException {
    List<InetAddress> addresses = new ArrayList<>();
    for (String one : own) {
      addresses.add(InetAddress.getByName(one));
    }
    return PeerChecks.isTranslated(addresses, InetAddress.getByName(to));
  }

  @Test
  void translatorStandsBetweenPrivateAddressesAndAPublicOne() throws Exception {
    assertTrue(isTranslated("192.0.2.1", "127.0.0.1", "10.0.0.1", "2001:db8::1"));
    assertTrue(isTranslated("2001:db8::1", "::1", "fd00::1", "fe80::1"));
    assertFalse(isTranslated("192.0.2.1", "10.0.0.1", "198.51.100.1"));
  }

  @Test
  void nobodyTranslatesBetweenPrivateAddresses() throws Exception {
    assertFalse(isTranslated("fd00::2", "::1", "fd00::1"));
    assertFalse(isTranslated("10.0.0.2", "10.0.0.1"));
    assertFalse(isTranslated("fe80::2", "fe80::1"));
    assertFalse(isTranslated("127.0.0.1", "127.0.0.1"));
  }
}
