package io.posthorn.vectors;

import static io.posthorn.vectors.VectorText.given;
import static io.posthorn.vectors.VectorText.hex;
import static io.posthorn.vectors.VectorText.id;
import static io.posthorn.vectors.VectorText.integer;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.posthorn.cli.JsonText;
import io.posthorn.protocol.protection.AesGcmProtection;
import io.posthorn.protocol.protection.ChecksumProtection;
import io.posthorn.protocol.protection.Hkdf;
import io.posthorn.protocol.protection.KeyLimits;
import io.posthorn.protocol.protection.PacketProtection;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** PROTOCOL.md §4: the key schedule, sealed and masked packets, and those that do not open. */
final class KeyVectors {
  private static final byte[] FORTH = given("secret of the initiator", 32);
  private static final byte[] BACK = given("secret of the responder", 32);
  private static final long DESTINATION = 0xf1f2f3f4f5f6f7f8L;
  private static final byte[] FRAMES = {0x01, 0x04, 0x03, 0x00, 0x02, 0x68, 0x69};

  private KeyVectors() {}

  private static byte[] expand(byte[] secret, String label, int length) {
    return new Hkdf().expand(secret, label.getBytes(StandardCharsets.US_ASCII), length);
  }

  private static byte[] secretOf(int phase) {
    byte[] secret = FORTH;
    for (int i = 0; i < phase; i++) {
      secret = expand(secret, "posthorn next", 32);
    }
    return secret;
  }

  static List<JsonText> phases() {
    List<JsonText> out = new ArrayList<>();
    for (int phase = 0; phase < 4; phase++) {
      byte[] secret = secretOf(phase);
      JsonText json = new JsonText().beginObject().put("phase", phase).put("secret", hex(secret));
      json.put("key", hex(expand(secret, "posthorn key", 32)));
      json.put("iv", hex(expand(secret, "posthorn iv", 12)));
      json.put("headerProtectionKey", hex(expand(FORTH, "posthorn hp", 32)));
      out.add(json.put("next", hex(expand(secret, "posthorn next", 32))).endObject());
    }
    return out;
  }

  /** Each length of the packet number, then each phase, each sealed by the code itself. */
  static List<JsonText> sealed() {
    List<JsonText> out = new ArrayList<>();
    PacketProtection from = new AesGcmProtection(FORTH, BACK, KeyLimits.DEFAULT);
    PacketProtection to = new AesGcmProtection(BACK, FORTH, KeyLimits.DEFAULT);
    long now = 0;
    long number = 0;
    for (int phase = 0; phase < 4; phase++) {
      for (int length = 1; length <= 4; length++, number++) {
        byte[] frames = length == 4 ? new byte[] {0x01} : FRAMES;
        out.add(vector(from, to, phase, number, length, frames, number - 1, now));
      }
      byte[] answer = new byte[100];
      int length = to.seal(DESTINATION, phase, 2, FRAMES, 0, FRAMES.length, answer, 0);
      assertEquals(FRAMES.length, from.open(answer, 0, length, phase - 1, now, new byte[100], 0));
      from.onAcknowledged(number - 1, now);
      now += 60_000_000_000L;
      from.onAcknowledged(number - 1, now);
      from.requestKeyUpdate();
    }
    PacketProtection late = new AesGcmProtection(FORTH, BACK, KeyLimits.DEFAULT);
    PacketProtection there = new AesGcmProtection(BACK, FORTH, KeyLimits.DEFAULT);
    for (long large : new long[] {0xa82f9b32L, (1L << 40) + 5, (1L << 62) - 100}) {
      out.add(vector(late, there, 0, large, 4, FRAMES, large - 1000, 0));
    }
    return out;
  }

  private static JsonText vector(
      PacketProtection from,
      PacketProtection to,
      int phase,
      long number,
      int numberLength,
      byte[] frames,
      long largestOpened,
      long now) {
    byte[] packet = new byte[200];
    int length = from.seal(DESTINATION, number, numberLength, frames, 0, frames.length, packet, 0);
    packet = Arrays.copyOf(packet, length);
    byte[] header = header(phase, number, numberLength);
    byte[] mask = mask(packet);
    byte[] unmasked = packet.clone();
    unmasked[0] ^= (byte) (mask[0] & 7);
    for (int i = 0; i < numberLength; i++) {
      unmasked[9 + i] ^= mask[1 + i];
    }
    assertArrayEquals(header, Arrays.copyOf(unmasked, header.length), "the phase is another one");
    byte[] sealed = Arrays.copyOfRange(packet, header.length, length);
    assertArrayEquals(seal(phase, number, header, frames), sealed);
    byte[] plain = new byte[200];
    assertEquals(frames.length, to.open(packet, 0, length, largestOpened, now, plain, 0));
    assertArrayEquals(frames, Arrays.copyOf(plain, frames.length));
    JsonText json = new JsonText().beginObject().put("phase", phase);
    json.put("connectionId", id(DESTINATION));
    integer(integer(json, "number", number), "largestOpened", largestOpened);
    json.put("numberLength", numberLength).put("frames", hex(frames));
    json.put("nonce", hex(nonce(phase, number))).put("header", hex(header));
    json.put("sample", hex(packet, 13, 16)).put("mask", hex(mask, 0, 5));
    return json.put("packet", hex(packet)).endObject();
  }

  private static byte[] header(int phase, long number, int numberLength) {
    byte[] header = new byte[9 + numberLength];
    header[0] = (byte) (8 | (phase & 1) << 2 | (numberLength - 1));
    for (int i = 0; i < 8; i++) {
      header[1 + i] = (byte) (DESTINATION >>> (56 - 8 * i));
    }
    for (int i = 0; i < numberLength; i++) {
      header[9 + i] = (byte) (number >>> (8 * (numberLength - 1 - i)));
    }
    return header;
  }

  private static byte[] nonce(int phase, long number) {
    byte[] nonce = expand(secretOf(phase), "posthorn iv", 12);
    for (int i = 0; i < 8; i++) {
      nonce[11 - i] ^= (byte) (number >>> (8 * i));
    }
    return nonce;
  }

  private static byte[] seal(int phase, long number, byte[] header, byte[] frames) {
    try {
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      byte[] key = expand(secretOf(phase), "posthorn key", 32);
      cipher.init(
          Cipher.ENCRYPT_MODE,
          new SecretKeySpec(key, "AES"),
          new GCMParameterSpec(128, nonce(phase, number)));
      cipher.updateAAD(header);
      return cipher.doFinal(frames);
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] mask(byte[] packet) {
    try {
      Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
      cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(expand(FORTH, "posthorn hp", 32), "AES"));
      return cipher.doFinal(packet, 13, 16);
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  /** Suite 0: no key, no mask, a checksum (§4.6). */
  static List<JsonText> clear() {
    List<JsonText> out = new ArrayList<>();
    ChecksumProtection from = new ChecksumProtection();
    for (int length = 1; length <= 4; length++) {
      byte[] packet = new byte[100];
      int size = from.seal(DESTINATION, length, length, FRAMES, 0, FRAMES.length, packet, 0);
      JsonText json = new JsonText().beginObject().put("connectionId", id(DESTINATION));
      json.put("number", length).put("numberLength", length).put("frames", hex(FRAMES));
      out.add(json.put("packet", hex(packet, 0, size)).endObject());
    }
    return out;
  }

  /** A packet and when it comes in. */
  private record Arrival(byte[] packet, long millis) {}

  /**
   * Packets in the order in which they come in, and what becomes of each (§4.4, §4.7, §13.2). The
   * probe timeout is a second, so that old keys are kept for three.
   */
  static List<JsonText> refused() {
    List<JsonText> out = new ArrayList<>();
    PacketProtection to = new AesGcmProtection(BACK, FORTH, KeyLimits.DEFAULT);
    to.onProbeTimeout(1_000_000_000L);
    long largest = -1;
    for (Arrival arrival : arrivals()) {
      byte[] packet = arrival.packet();
      byte[] plain = new byte[200];
      long now = arrival.millis() * 1_000_000;
      int opened = to.open(packet, 0, packet.length, largest, now, plain, 0);
      JsonText json = new JsonText().beginObject().put("packet", hex(packet));
      json.put("atMillis", arrival.millis()).put("largestOpened", largest);
      switch (opened) {
        case PacketProtection.FAILED -> json.put("drop", "AUTHENTICATION_FAILED");
        case PacketProtection.DUPLICATE -> json.put("drop", "DUPLICATE");
        case PacketProtection.STALE -> json.put("drop", "STALE");
        default -> {
          json.put("frames", hex(plain, 0, opened));
          largest = Math.max(largest, to.openedPacketNumber());
        }
      }
      out.add(json.endObject());
    }
    return out;
  }

  private static List<Arrival> arrivals() {
    PacketProtection from = new AesGcmProtection(FORTH, BACK, KeyLimits.DEFAULT);
    byte[] first = sealed(from, 0);
    byte[] second = sealed(from, 1);
    byte[] far = sealed(from, 20_000);
    byte[] cut = Arrays.copyOf(sealed(from, 20_001), 28);
    List<byte[]> early = new ArrayList<>();
    int[] at = {0, 10, 16, 24};
    for (int i = 0; i < 4; i++) {
      byte[] flipped = first.clone();
      flipped[at[i]] ^= (byte) (i == 0 ? 0x04 : 0x01);
      early.add(flipped);
    }
    early.addAll(List.of(first, first, far, first, second, far, cut));
    List<Arrival> arrivals = new ArrayList<>();
    early.forEach(packet -> arrivals.add(new Arrival(packet, 0)));
    byte[] late = sealed(from, 29_998);
    byte[] tooLate = sealed(from, 29_999);
    byte[] last = sealed(from, 30_000);
    from.onAcknowledged(30_000, 0);
    from.requestKeyUpdate();
    byte[] updated = sealed(from, 30_001);
    byte[] next = sealed(from, 30_002);
    byte[] otherPhase = next.clone();
    otherPhase[0] ^= 0x04; // what the mask hides is the same bit
    arrivals.add(new Arrival(last, 1_000));
    arrivals.add(new Arrival(updated, 2_000)); // the next phase begins
    arrivals.add(new Arrival(late, 3_000)); // under the key of the phase before
    arrivals.add(new Arrival(otherPhase, 3_000)); // counts as of the phase after, and fails
    arrivals.add(new Arrival(next, 3_000));
    arrivals.add(new Arrival(tooLate, 5_001)); // that key is gone
    return arrivals;
  }

  private static byte[] sealed(PacketProtection by, long number) {
    byte[] packet = new byte[200];
    int length = by.seal(DESTINATION, number, 4, FRAMES, 0, FRAMES.length, packet, 0);
    return Arrays.copyOf(packet, length);
  }
}
