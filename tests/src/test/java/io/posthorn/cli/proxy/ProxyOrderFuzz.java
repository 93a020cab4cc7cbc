package io.posthorn.cli.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The lines that a running proxy is told, from standard input or through its door: refused in
 * words, or an order that says the same to another proxy. A line may be a proxy's answer too.
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
    answer(line);
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

  private static void answer(String line) {
    OrderAnswer answer = OrderAnswer.ofLine(line);
    if (answer == null) {
      return;
    }
    String text = answer.toLine();
    assertFalse(text.contains("\u001b"), "what a door says commands no terminal");
    assertEquals(answer, OrderAnswer.ofLine(text));
    if (answer.kind() == OrderAnswer.Kind.DONE) {
      OrderAnswer again = OrderAnswer.of(new ProxyControl.Change(answer.before(), answer.now()));
      assertEquals(answer.before(), again.before());
      assertEquals(answer.now(), again.now());
    }
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    return List.of(
        bytes("up delay 40ms loss 5%\ndown none\nboth @wifi\n"),
        bytes("cut\nmend\nconditions\ns\n\nquit\n"),
        bytes("UP rate 1mbit\0down rate 8mbit queue 20ms\0statistics"),
        bytes("up"),
        bytes("DONE\tdelay 40ms\tnone\tfalse\tnone\tnone\ttrue\nQUIT\t\nWRONG\twhy\n"),
        bytes(
            "QUIT\nSTATISTICS\tone line\t{}\nDONE\tfive\t\t\t\t\nDONE\nWRONG\nOTHER\ta\u001b[2J\n"),
        bytes("faster please"));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
