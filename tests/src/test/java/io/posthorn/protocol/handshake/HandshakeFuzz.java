package io.posthorn.protocol.handshake;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.wire.WireLimits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The bodies of handshake messages and the parameters that they seal. A body that does not verify
 * changes nothing: the true one is read after it.
 *
 * <p>The first byte says what the rest is: parameters, or body 1, 2 or 3 in one of the suites, as
 * it stands or, with the high bit, XORed upon the true one.
 */
public final class HandshakeFuzz {
  private HandshakeFuzz() {}

  /** Takes a choice and a body. */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length == 0) {
      return;
    }
    int choice = input[0] & 0xff;
    byte[] rest = Arrays.copyOfRange(input, 1, input.length);
    if ((choice & 3) == 0) {
      parameters(rest);
    } else {
      body(choice & 3, (choice >> 2) % 3, (choice & 0x80) != 0, rest);
    }
  }

  private static void parameters(byte[] bytes) {
    TransportParameters read = TransportParameters.decode(bytes, 0, bytes.length);
    if (read == null || bytes.length > WireLimits.MAX_PARAMETERS_BYTES) {
      return;
    }
    byte[] once = new byte[2 * WireLimits.MAX_PARAMETERS_BYTES];
    int length = read.encode(once, 0);
    assertTrue(length <= WireLimits.MAX_PARAMETERS_BYTES);
    TransportParameters again = TransportParameters.decode(once, 0, length);
    assertNotNull(again);
    byte[] twice = new byte[once.length];
    assertEquals(length, again.encode(twice, 0));
    assertArrayEquals(once, twice);
  }

  private static void body(int number, int suite, boolean upon, byte[] bytes) {
    Handshakes ends = Handshakes.ofSuite(suite, 1);
    byte[] payload = new byte[1200];
    byte[] first = ends.first();
    if (number == 1) {
      byte[] forged = upon ? xor(first, bytes) : bytes;
      boolean taken = ends.responder.readFirst(forged, 0, forged.length);
      if (!taken) {
        assertTrue(ends.responder.readFirst(first, 0, first.length));
      }
      return;
    }
    assertTrue(ends.responder.readFirst(first, 0, first.length));
    byte[] second = ends.second();
    if (number == 2) {
      byte[] forged = upon ? xor(second, bytes) : bytes;
      int read = ends.initiator.readSecond(forged, 0, forged.length, payload);
      assertEquals(Arrays.equals(forged, second), read >= 0, "only the true one verifies");
      if (read >= 0) {
        return;
      }
    }
    assertEquals(
        Handshakes.SECOND_PAYLOAD.length,
        ends.initiator.readSecond(second, 0, second.length, payload));
    byte[] third = ends.third();
    if (number == 3) {
      byte[] forged = upon ? xor(third, bytes) : bytes;
      int read = ends.responder.readThird(forged, 0, forged.length, payload);
      assertEquals(Arrays.equals(forged, third), read >= 0, "only the true one verifies");
      if (read >= 0) {
        return;
      }
    }
    assertEquals(
        Handshakes.THIRD_PAYLOAD.length, ends.responder.readThird(third, 0, third.length, payload));
  }

  private static byte[] xor(byte[] body, byte[] with) {
    byte[] changed = Arrays.copyOf(body, Math.max(body.length, with.length));
    for (int i = 0; i < with.length; i++) {
      changed[i] ^= with[i];
    }
    return changed;
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    TransportParameters parameters = new TransportParameters();
    parameters.connectionId = 5;
    parameters.instanceId = 6;
    seeds.add(parameters(parameters));
    parameters.resetToken = new byte[WireLimits.RESET_TOKEN_BYTES];
    parameters.registrationFingerprint = new byte[TransportParameters.FINGERPRINT_BYTES];
    parameters.application = new byte[] {1, 2};
    seeds.add(parameters(parameters));
    for (int suite = 0; suite < 3; suite++) {
      Handshakes ends = Handshakes.ofSuite(suite, 1);
      byte[] first = ends.first();
      seeds.add(choice(1 | suite << 2, first));
      seeds.add(choice(0x81 | suite << 2, new byte[1]));
      seeds.add(choice(0x82 | suite << 2, new byte[] {0, 0, 1}));
      seeds.add(choice(0x83 | suite << 2, new byte[] {0, 0, 1}));
      assertTrue(ends.responder.readFirst(first, 0, first.length));
      byte[] second = ends.second();
      seeds.add(choice(2 | suite << 2, second));
      assertTrue(ends.initiator.readSecond(second, 0, second.length, new byte[1200]) > 0);
      seeds.add(choice(3 | suite << 2, ends.third()));
    }
    return seeds;
  }

  private static byte[] parameters(TransportParameters parameters) {
    byte[] out = new byte[WireLimits.MAX_PARAMETERS_BYTES];
    return choice(0, Arrays.copyOf(out, parameters.encode(out, 0)));
  }

  private static byte[] choice(int first, byte[] rest) {
    byte[] input = new byte[1 + rest.length];
    input[0] = (byte) first;
    System.arraycopy(rest, 0, input, 1, rest.length);
    return input;
  }
}
