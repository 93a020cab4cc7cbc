package io.posthorn.protocol.protection;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;

/**
 * Header protection with AES-ECB (RFC 9001 §5.4.3) for one direction: hides the key phase, the
 * length of the packet number and the number itself. The key is drawn from the secret of phase 0 by
 * HKDF-Expand with the info "posthorn hp" and stays for the life of the connection. Not
 * thread-safe.
 */
final class HeaderProtection {
  private static final byte[] LABEL = "posthorn hp".getBytes(StandardCharsets.US_ASCII);
  private static final int SAMPLE_BYTES = 16;

  private final AesKey key;
  private final Cipher cipher;
  private final byte[] mask = new byte[SAMPLE_BYTES];

  HeaderProtection(byte[] secret, Hkdf hkdf) {
    key = new AesKey(hkdf.expand(secret, LABEL, AesKey.KEY_BYTES));
    try {
      cipher = Cipher.getInstance("AES/ECB/NoPadding");
      cipher.init(Cipher.ENCRYPT_MODE, key);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has AES", e);
    }
  }

  /** Masks the header of a sealed packet in place. */
  void protect(byte[] packet, int from) {
    computeMask(packet, from);
    int numberLength = DataHeader.packetNumberLength(packet[from]);
    packet[from] ^= (byte) (mask[0] & DataHeader.PROTECTED_BITS);
    for (int i = 0; i < numberLength; i++) {
      packet[from + DataHeader.PACKET_NUMBER_AT + i] ^= mask[1 + i];
    }
  }

  /** Writes the unmasked header of a packet to {@code header}. Returns its length. */
  int unprotect(byte[] packet, int from, byte[] header) {
    computeMask(packet, from);
    System.arraycopy(packet, from, header, 0, header.length);
    header[0] ^= (byte) (mask[0] & DataHeader.PROTECTED_BITS);
    int numberLength = DataHeader.packetNumberLength(header[0]);
    for (int i = 0; i < numberLength; i++) {
      header[DataHeader.PACKET_NUMBER_AT + i] ^= mask[1 + i];
    }
    return DataHeader.PACKET_NUMBER_AT + numberLength;
  }

  void destroy() {
    key.destroy();
  }

  private void computeMask(byte[] packet, int from) {
    try {
      cipher.update(packet, from + DataHeader.SAMPLE_AT, SAMPLE_BYTES, mask, 0);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("one block in, one block out", e);
    }
  }
}
