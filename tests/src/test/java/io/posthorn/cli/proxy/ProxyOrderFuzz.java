package io.posthorn.cli.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The lines that a running proxy is told, from standard input or through its door: refused in
 * words, or an order that says the same to another proxy.
 */
public final class ProxyOrderFuzz {
  private ProxyOrderFuzz() {}

  /** Takes lines. */
  public static void fuzzerTestOneInput(byte[] input) {
    new String(input, StandardCharsets.UTF_8)
        .lines()
        .filter(line -> !line.contains("replay")) // which names a file
        .forEach(ProxyOrderFuzz::one);
  }

  private static void one(String line) {
    ProxyOrder order;
    try {
      order = ProxyOrder.parse(line);
    } catch (IllegalArgumentException refused) {
      assertFalse(String.valueOf(refused.getMessage()).isBlank());
      return;
    }
    ProxyOrder again = ProxyOrder.parse(order.toLine());
    assertEquals(order.steps(), again.steps());
    assertEquals(order.onlyAsks(), ProxyOrder.all(List.of(order, again)).onlyAsks());
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    return List.of(
        bytes("up delay 40ms loss 5%\ndown none\nboth @wifi\n"),
        bytes("cut\nmend\nconditions\ns\n\nquit\n"),
        bytes("UP rate 1mbit\0down rate 8mbit queue 20ms\0statistics"),
        bytes("up"),
        bytes("faster please"));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
