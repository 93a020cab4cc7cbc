package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.AddressText;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointAddressTest {
  @Test
  void takesEveryFormThatPeopleWrite() throws Exception {
    assertEquals(new EndpointAddress("localhost", 9000), EndpointAddress.ofPeer("localhost:9000"));
    assertEquals(new EndpointAddress("::1", 9000), EndpointAddress.ofPeer("[::1]:9000"));
    assertEquals(new EndpointAddress("", 9000), EndpointAddress.ofListener("9000"));
    assertEquals(new EndpointAddress("", 9000), EndpointAddress.ofListener(":9000"));
    assertEquals(new EndpointAddress("", 9000), EndpointAddress.ofListener("*:9000"));
    assertEquals(new EndpointAddress("", 0), EndpointAddress.ofListener("0"));
    assertEquals(new EndpointAddress("::1", 7), EndpointAddress.ofTwoWords("::1", "7"));
    assertEquals(new EndpointAddress("::1", 7), EndpointAddress.ofTwoWords("[::1]", "7"));
    assertEquals(new EndpointAddress("host", 7), EndpointAddress.ofTwoWords("host", "7"));
  }

  @Test
  void knowsAHostThatNeedsItsPortInTheNextWord() {
    assertTrue(EndpointAddress.lacksPort("localhost"));
    assertTrue(EndpointAddress.lacksPort("::1"));
    assertTrue(EndpointAddress.lacksPort("[::1]"));
    assertFalse(EndpointAddress.lacksPort("localhost:9000"));
    assertFalse(EndpointAddress.lacksPort("[::1]:9000"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "host",
        "host:",
        "host:x",
        "host:65536",
        "host:-1",
        "host:99999999999",
        "host:0",
        ":9000",
        "::1:9000",
        "[::1:9000",
        "[::1]9000",
        "[::1]",
        "a:b:c"
      })
  void refusesWhatIsNoPeer(String text) {
    Failure refused = assertThrows(Failure.class, () -> EndpointAddress.ofPeer(text));
    assertEquals(ExitCode.USAGE, refused.code());
    assertFalse(refused.remedy().isEmpty(), "says what to do");
  }

  @Test
  void unknownHostHasItsOwnStatus() {
    Failure refused =
        assertThrows(
            Failure.class,
            () ->
                EndpointAddress.ofPeer("no-such-host.invalid:1")
                    .resolve(EndpointAddress.Family.ANY));
    assertEquals(ExitCode.UNKNOWN_HOST, refused.code());
  }

  /** Sent to, it would be waited for in vain: the system knows no way. */
  @Test
  void anAddressOfOneLinkNeedsTheInterface() throws Exception {
    EndpointAddress without = EndpointAddress.ofPeer("[fe80::1]:9000");
    Failure refused =
        assertThrows(Failure.class, () -> without.resolve(EndpointAddress.Family.ANY));
    assertEquals(ExitCode.USAGE, refused.code());
    assertTrue(refused.getMessage().contains("says not of which"), refused.getMessage());
    EndpointAddress unknown = EndpointAddress.ofPeer("[fe80::1%nosuch]:9000");
    refused = assertThrows(Failure.class, () -> unknown.resolve(EndpointAddress.Family.ANY));
    assertEquals(ExitCode.USAGE, refused.code());
    assertTrue(refused.getMessage().contains("\"nosuch\" is no interface"), refused.getMessage());
    EndpointAddress numbered = EndpointAddress.ofPeer("[fe80::1%7]:9000");
    assertEquals(9000, numbered.resolve(EndpointAddress.Family.IPV6).getPort());
  }

  @Test
  void familyDecidesWhichAddressIsTaken() throws Exception {
    EndpointAddress four = EndpointAddress.ofPeer("127.0.0.1:9");
    assertEquals(
        new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 9),
        four.resolve(EndpointAddress.Family.IPV4));
    EndpointAddress six = EndpointAddress.ofListener("[::1]:9");
    for (Failure refused :
        new Failure[] {
          assertThrows(Failure.class, () -> four.resolve(EndpointAddress.Family.IPV6)),
          assertThrows(Failure.class, () -> six.resolveLocal(EndpointAddress.Family.IPV4))
        }) {
      assertEquals(ExitCode.USAGE, refused.code());
      assertTrue(refused.what().matches("-[46] with .*, which is no IPv[46] address"));
      assertTrue(refused.remedy().contains("leave out -"), refused.remedy());
    }
  }

  @Test
  void listenerIsOfOneFamilyByItsOptionOrByAllAddressesOfIpv4() throws Exception {
    EndpointAddress all = EndpointAddress.ofListener("9");
    assertEquals(
        StandardProtocolFamily.INET, all.resolveLocal(EndpointAddress.Family.IPV4).family());
    assertEquals(
        StandardProtocolFamily.INET6, all.resolveLocal(EndpointAddress.Family.IPV6).family());
    assertNull(all.resolveLocal(EndpointAddress.Family.ANY).family());
    assertNull(
        EndpointAddress.ofListener("[::]:9").resolveLocal(EndpointAddress.Family.ANY).family());
    EndpointAddress ofIpv4 = EndpointAddress.ofListener("0.0.0.0:9");
    assertEquals(
        StandardProtocolFamily.INET, ofIpv4.resolveLocal(EndpointAddress.Family.ANY).family());
    Failure refused =
        assertThrows(Failure.class, () -> ofIpv4.resolveLocal(EndpointAddress.Family.IPV6));
    assertEquals(ExitCode.USAGE, refused.code());
  }

  @Test
  void isWrittenSoThatItCanBeReadAgain() throws Exception {
    for (String text : new String[] {"127.0.0.1:9", "[::1]:9"}) {
      InetSocketAddress address = EndpointAddress.ofPeer(text).resolve(EndpointAddress.Family.ANY);
      assertEquals(text, AddressText.of(address));
    }
  }
}
