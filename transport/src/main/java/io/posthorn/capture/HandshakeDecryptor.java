package io.posthorn.capture;

import io.posthorn.identity.Fingerprint;
import io.posthorn.protocol.handshake.Prologue;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.SecondMessagePacket;
import io.posthorn.wire.ThirdMessagePacket;
import io.posthorn.wire.WireLimits;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Turns the sealed handshakes of connections whose keys were logged into those of suite 0
 * (PROTOCOL.md §8.3): the ephemeral keys stand as the random bytes, the parameters in clear, the
 * checksums are right; who the two are is said in the datagram's comment. A message that does not
 * verify stays as it is. Not thread-safe.
 */
final class HandshakeDecryptor {
  private static final List<String> NAMES =
      List.of("", "Noise_XX_25519_AESGCM_SHA256", "Noise_XXpsk3_25519_AESGCM_SHA256");
  private static final int KEY_BYTES = 32;
  private static final int TAG_BYTES = 16;
  private static final int SEALED_KEY_BYTES = KEY_BYTES + TAG_BYTES;
  private static final int NONCE_BYTES = 12;

  /** One handshake, as far as it was seen. */
  private static final class Seen {
    final HandshakeKeys keys;

    /** The transcript hash after M1, and after M2; null before. */
    byte @Nullable [] afterFirst;

    byte @Nullable [] afterSecond;

    /** The checksums of suite 0, each chained to the one before. */
    int firstChecksum;

    int secondChecksum;

    Seen(HandshakeKeys keys) {
      this.keys = keys;
    }
  }

  private final Map<Long, Seen> byInitiator = new HashMap<>();
  private final Map<Long, Seen> byResponder = new HashMap<>();
  private final FirstMessagePacket first = new FirstMessagePacket();
  private final SecondMessagePacket second = new SecondMessagePacket();
  private final ThirdMessagePacket third = new ThirdMessagePacket();
  private byte[] thirdKey = new byte[0];
  private final byte[] body = new byte[WireLimits.MAX_HANDSHAKE_BODY_BYTES];

  void add(long initiatorId, long responderId, HandshakeKeys keys) {
    Seen seen = new Seen(keys);
    byInitiator.put(initiatorId, seen);
    byResponder.put(responderId, seen);
  }

  /** M1, sealed by nothing: it only says another suite from now on. */
  CapturedDatagram first(CapturedDatagram datagram) {
    byte[] payload = datagram.payload();
    if (first.check(payload, 0, payload.length) != DropReason.NONE
        || first.suite() == WireLimits.SUITE_CLEAR) {
      return datagram;
    }
    long id = first.initiatorConnectionId();
    Seen seen = byInitiator.get(id);
    if (seen == null) {
      return datagram;
    }
    String name = NAMES.get(first.suite());
    int from = first.bodyFrom();
    byte[] hash = Arrays.copyOf(name.getBytes(StandardCharsets.US_ASCII), KEY_BYTES);
    byte[] prologue = Prologue.of(first.suite(), id);
    hash = mixed(hash, prologue, 0, prologue.length);
    hash = mixed(hash, payload, from, KEY_BYTES);
    seen.afterFirst = mixed(hash, payload, from + KEY_BYTES, first.bodyLength() - KEY_BYTES);
    System.arraycopy(payload, from, body, 0, KEY_BYTES);
    byte[] clearPrologue = Prologue.of(WireLimits.SUITE_CLEAR, id);
    CRC32C crc = new CRC32C();
    crc.update(clearPrologue, 0, clearPrologue.length);
    seen.firstChecksum = appendChecksum((int) crc.getValue(), KEY_BYTES);
    byte[] cookie =
        Arrays.copyOfRange(payload, first.cookieFrom(), first.cookieFrom() + first.cookieLength());
    byte[] out = new byte[Math.max(payload.length, WireLimits.MINIMUM_DATAGRAM_BYTES)];
    FirstMessagePacket.write(
        out,
        0,
        WireLimits.SUITE_CLEAR,
        id,
        cookie,
        cookie.length,
        body,
        KEY_BYTES + WireLimits.CHECKSUM_BYTES);
    return datagram.with(out, "decrypted, was of suite " + name);
  }

  CapturedDatagram second(CapturedDatagram datagram) {
    byte[] payload = datagram.payload();
    if (second.check(payload, 0, payload.length) != DropReason.NONE) {
      return datagram;
    }
    Seen seen = byInitiator.get(second.destinationConnectionId());
    byte[] before = seen == null ? null : seen.afterFirst;
    int length = second.bodyLength() - KEY_BYTES - SEALED_KEY_BYTES;
    if (seen == null || before == null || length < TAG_BYTES) {
      return datagram;
    }
    int at = second.bodyFrom();
    byte[] hash = mixed(before, payload, at, KEY_BYTES);
    at += KEY_BYTES;
    byte[] key = open(seen.keys.secondStatic(), 0, hash, payload, at, SEALED_KEY_BYTES);
    hash = mixed(hash, payload, at, SEALED_KEY_BYTES);
    at += SEALED_KEY_BYTES;
    byte[] parameters = open(seen.keys.secondPayload(), 0, hash, payload, at, length);
    if (key == null || parameters == null) {
      return datagram;
    }
    seen.afterSecond = mixed(hash, payload, at, length);
    System.arraycopy(payload, second.bodyFrom(), body, 0, KEY_BYTES);
    System.arraycopy(parameters, 0, body, KEY_BYTES, parameters.length);
    int covered = KEY_BYTES + parameters.length;
    seen.secondChecksum = appendChecksum(seen.firstChecksum, covered);
    byte[] out = new byte[payload.length];
    int written =
        SecondMessagePacket.write(
            out,
            0,
            second.destinationConnectionId(),
            second.responderConnectionId(),
            body,
            covered + WireLimits.CHECKSUM_BYTES);
    return datagram.with(Arrays.copyOf(out, written), "decrypted, from " + Fingerprint.of(key));
  }

  /**
   * M3 without what follows it.
   *
   * @return null if it cannot be opened
   */
  byte @Nullable [] third(byte[] payload) {
    if (third.check(payload, 0, payload.length) != DropReason.NONE) {
      return null;
    }
    Seen seen = byResponder.get(third.destinationConnectionId());
    byte[] hash = seen == null ? null : seen.afterSecond;
    int length = third.bodyLength() - SEALED_KEY_BYTES;
    if (seen == null || hash == null || length < TAG_BYTES) {
      return null;
    }
    int at = third.bodyFrom();
    byte[] key = open(seen.keys.secondPayload(), 1, hash, payload, at, SEALED_KEY_BYTES);
    byte[] parameters =
        open(
            seen.keys.thirdPayload(),
            0,
            seen.keys.thirdHash(),
            payload,
            at + SEALED_KEY_BYTES,
            length);
    if (key == null || parameters == null) {
      return null;
    }
    thirdKey = key;
    System.arraycopy(parameters, 0, body, 0, parameters.length);
    appendChecksum(seen.secondChecksum, parameters.length);
    byte[] out = new byte[payload.length];
    int written =
        ThirdMessagePacket.write(
            out,
            0,
            third.destinationConnectionId(),
            body,
            parameters.length + WireLimits.CHECKSUM_BYTES);
    return Arrays.copyOf(out, written);
  }

  /** What is to be said of the M3 that was opened last. */
  String thirdComment() {
    return "decrypted, from " + Fingerprint.of(thirdKey);
  }

  /** Puts the checksum of suite 0 behind so many bytes of the body, and returns it. */
  private int appendChecksum(int before, int covered) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(Integer.BYTES).putInt(before).array());
    crc.update(body, 0, covered);
    int checksum = (int) crc.getValue();
    ByteBuffer.wrap(body).putInt(covered, checksum);
    return checksum;
  }

  private static byte[] mixed(byte[] hash, byte[] data, int from, int length) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      sha256.update(hash);
      sha256.update(data, from, length);
      return sha256.digest();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Null if it does not verify. */
  private static byte @Nullable [] open(
      byte[] key, int nonce, byte[] associated, byte[] in, int from, int length) {
    try {
      Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
      byte[] iv = new byte[NONCE_BYTES];
      iv[NONCE_BYTES - 1] = (byte) nonce;
      cipher.init(
          Cipher.DECRYPT_MODE,
          new SecretKeySpec(key, "AES"),
          new GCMParameterSpec(8 * TAG_BYTES, iv));
      cipher.updateAAD(associated);
      return cipher.doFinal(in, from, length);
    } catch (AEADBadTagException forged) {
      return null;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has AES-256-GCM", e);
    }
  }
}
