package io.posthorn.protocol.protection;

import io.posthorn.wire.PacketHeader;
import java.nio.charset.StandardCharsets;

/**
 * Header protection with AES-ECB (RFC 9001 §5.4.3) for one direction: hides the key phase, the
 * length of the packet number and the number itself. The key is drawn from the secret of phase 0 by
 * HKDF-Expand with the info "posthorn hp" and stays for the life of the connection. Not
 * thread-safe.
 */
final class HeaderProtection {
  private static final byte[] LABEL = "posthorn hp".getBytes(StandardCharsets.US_ASCII);

  private final AesKey key;
  private final CipherUse use;

  HeaderProtection(byte[] secret, Hkdf hkdf, CipherUse use) {
    key = new AesKey(hkdf.expand(secret, LABEL, AesKey.KEY_BYTES));
    this.use = use;
  }

  /** Masks the header of a sealed packet in place. */
  void protect(byte[] packet, int from) {
    byte[] mask = use.ciphers().mask(key, packet, from + PacketHeader.SAMPLE_AT);
    int numberLength = PacketHeader.packetNumberLength(packet[from]);
    packet[from] ^= (byte) (mask[0] & PacketHeader.PROTECTED_BITS);
    for (int i = 0; i < numberLength; i++) {
      packet[from + PacketHeader.PACKET_NUMBER_AT + i] ^= mask[1 + i];
    }
  }

  /** Writes the unmasked header of a packet to {@code header}. Returns its length. */
  int unprotect(byte[] packet, int from, byte[] header) {
    byte[] mask = use.ciphers().mask(key, packet, from + PacketHeader.SAMPLE_AT);
    System.arraycopy(packet, from, header, 0, header.length);
    header[0] ^= (byte) (mask[0] & PacketHeader.PROTECTED_BITS);
    int numberLength = PacketHeader.packetNumberLength(header[0]);
    for (int i = 0; i < numberLength; i++) {
      header[PacketHeader.PACKET_NUMBER_AT + i] ^= mask[1 + i];
    }
    return PacketHeader.PACKET_NUMBER_AT + numberLength;
  }

  void destroy() {
    key.destroy();
  }
}
