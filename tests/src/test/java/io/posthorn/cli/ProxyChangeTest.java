package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What {@code proxy --change} takes for a proxy's name, and what for the order. */
class ProxyChangeTest {
  private static String which(String... words) throws Failure {
    return ProxyChange.of(List.of(words), null, null, null).which();
  }

  @Test
  void anOrderInOneWordIsNoAddress() throws Failure {
    assertEquals("", which("up loss 0.5%"));
    assertEquals("", which("both delay 1.5ms"));
    assertEquals("", which("up loss 5%"));
    assertEquals("", which("up", "loss", "0.5%"));
  }

  @Test
  void portsProcessesAndAddressesAreNames() throws Failure {
    assertEquals("9001", which("9001", "up loss 0.5%"));
    assertEquals("127.0.0.1:9001", which("127.0.0.1:9001", "up loss 0.5%"));
    assertEquals("127.0.0.1:9001", which("127.0.0.1", "9001", "up", "loss", "0.5%"));
    assertEquals("[::1]:9001", which("[::1]:9001", "up loss 5%"));
    String here = which("localhost:9001", "cut");
    assertTrue(here.endsWith(":9001"), here);
    assertEquals(here, which("localhost", "9001", "cut"));
    assertEquals(here, which("localhost", "9001", "up loss 5%"));
    assertEquals(here, which("localhost", "9001"));
  }

  @Test
  void anOrderIsNotTakenForAHost() throws Failure {
    assertEquals("", which("cut", "9001"));
    assertTrue(refusal("up loss", "5").startsWith("link conditions, word 2 \"5\""));
    assertTrue(refusal("UP", "100").startsWith("link conditions, word 1 \"100\""));
  }

  private static String refusal(String... words) {
    Failure told = assertThrows(Failure.class, () -> which(words));
    assertEquals(ExitCode.USAGE, told.code());
    return told.text();
  }

  @Test
  void anOrderIsNotTakenForAPort() {
    assertEquals(
        "bad address \"127.0.0.1\": it has no port; write it like 127.0.0.1:9000",
        refusal("127.0.0.1", "statistics"));
    assertTrue(refusal("::1", "up", "loss", "5%").contains("write it like [::1]:9000"));
    assertTrue(refusal("[::1]", "cut").contains("write it like [::1]:9000"));
    assertTrue(refusal("127.0.0.1", "70000", "cut").startsWith("bad port \"70000\""));
  }

  @Test
  void whatIsNeitherAProxyNorAnOrderIsToldOfBoth() {
    String told = refusal("localhost", "statistics");
    assertTrue(told.startsWith("no order \"localhost statistics\": there are up SPEC"), told);
    assertTrue(
        told.endsWith("; a proxy is named before it, by its port or process: 9001 cut"), told);
    assertTrue(refusal("9001", "shut").endsWith("quit"));
    assertFalse(refusal("up loss 500%").contains("a proxy is named"));
  }
}
