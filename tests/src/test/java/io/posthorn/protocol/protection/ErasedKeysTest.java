package io.posthorn.protocol.protection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Keys that are over leave nothing behind in memory. */
class ErasedKeysTest {
  private static final byte[] FRAMES = new byte[20];
  private static final KeyLimits OFTEN = new KeyLimits(2, 1L << 60, 1_000, 1_000);

  @Test
  void allKeysOfAConnectionAreErased() {
    Ends ends = Ends.sealed(1, KeyLimits.DEFAULT);
    Map<String, byte[]> held = Secrets.of(ends.left);
    ends.left.destroy();
    Secrets.assertErased(
        held,
        ".sending.secret",
        ".sending.key.bytes",
        ".sending.iv",
        ".current.secret",
        ".current.key.bytes",
        ".next.secret",
        ".next.key.bytes",
        ".sendHeaderProtection.key.bytes",
        ".receiveHeaderProtection.key.bytes");
  }

  @Test
  void anUpdateErasesTheOldKeyOnceItsTimeIsOver() {
    Ends ends = Ends.sealed(2, OFTEN);
    byte[] plain = new byte[100];
    long number = 0;
    Map<String, byte[]> first = new HashMap<>(Secrets.of(ends.left));
    Map<String, byte[]> there = new HashMap<>(Secrets.of(ends.right));
    for (long now = 0; now < 20_000_000_000L; now += 1_000_000_000L) {
      byte[] forth = Ends.seal(ends.left, number, 4, FRAMES);
      assertEquals(
          FRAMES.length, Ends.open(ends.right, forth, number - 1, now, plain), "at " + now);
      byte[] back = Ends.seal(ends.right, number, 4, FRAMES);
      assertEquals(FRAMES.length, Ends.open(ends.left, back, number - 1, now, plain));
      ends.left.onAcknowledged(number, now);
      ends.right.onAcknowledged(number, now);
      number++;
    }
    assertFalse(
        Arrays.equals(new byte[32], Secrets.of(ends.left).get(".phases.sending.secret")),
        "there is a key in use");
    assertTrue(
        first.get(".phases.sending.secret") != Secrets.of(ends.left).get(".phases.sending.secret"));
    Secrets.assertErased(
        first, ".sending.secret", ".sending.key.bytes", ".current.secret", ".next.secret");
    Secrets.assertErased(there, ".sending.secret", ".current.secret", ".current.key.bytes");
    Map<String, byte[]> last = Secrets.of(ends.right);
    ends.right.destroy();
    Secrets.assertErased(last, ".sending.secret", ".current.secret", ".next.secret");
  }
}
