package io.posthorn.cli.probe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.MessageSocket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How long a peer may take, and what addresses tell of the way to it. */
class PeerChecksTest {
  private static boolean isTranslated(String to, String... own) throws UnknownHostException {
    List<InetAddress> addresses = new ArrayList<>();
    for (String one : own) {
      addresses.add(InetAddress.getByName(one));
    }
    return PeerChecks.isTranslated(addresses, InetAddress.getByName(to));
  }

  @Test
  void aPeerMayTakeAsLongAsWasAskedForAndUdpIsTriedAfterThat() throws Exception {
    List<Duration> waited = new ArrayList<>();
    try (DatagramSocket silent = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      InetSocketAddress peer =
          new InetSocketAddress(silent.getLocalAddress(), silent.getLocalPort());
      Duration patience = Duration.ofMillis(150);
      List<Finding> found =
          new PeerChecks(
                  peer,
                  patience,
                  handshakeTimeout -> {
                    waited.add(handshakeTimeout);
                    return MessageSocket.builder().handshakeTimeout(handshakeTimeout).open();
                  })
              .run();
      assertEquals(List.of(patience), waited);
      String what = found.get(found.size() - 1).what();
      assertTrue(what.contains("UDP gets no answer in 150 ms"), what);
    }
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
