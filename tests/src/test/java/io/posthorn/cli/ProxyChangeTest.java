package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

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
  }
}
