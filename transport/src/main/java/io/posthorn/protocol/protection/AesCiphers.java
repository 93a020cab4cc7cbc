package io.posthorn.protocol.protection;

import io.posthorn.wire.WireLimits;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import org.jspecify.annotations.Nullable;

/**
 * The JDK's ciphers and what they work on, which all connections of one endpoint use in turn: each
 * holds more than a kilobyte, and a connection would need five of them though it may be idle. A
 * cipher that gets the same key again does not expand it again, so that a connection which is alone
 * pays nothing. Not thread-safe.
 */
public final class AesCiphers {
  private @Nullable Cipher sealing;
  private @Nullable Cipher opening;
  private final byte[] nonce = new byte[PhaseKey.IV_BYTES];
  private final byte[] header = new byte[WireLimits.MAX_DATA_HEADER_BYTES];
  private final Masks sent = new Masks();
  private final Masks received = new Masks();

  /** Makes none of them yet: in clear none is needed. */
  public AesCiphers() {}

  /** AES-GCM for packets that leave; to be initialized for each. */
  Cipher sealing() {
    Cipher cipher = sealing;
    if (cipher == null) {
      cipher = cipher("AES/GCM/NoPadding");
      sealing = cipher;
    }
    return cipher;
  }

  /** AES-GCM for packets that came; to be initialized for each. */
  Cipher opening() {
    Cipher cipher = opening;
    if (cipher == null) {
      cipher = cipher("AES/GCM/NoPadding");
      opening = cipher;
    }
    return cipher;
  }

  /** Where the nonce of the packet at hand is made. */
  byte[] nonce() {
    return nonce;
  }

  /** The header of the packet at hand, as it is before its protection. */
  byte[] header() {
    return header;
  }

  /** Header protection of packets that leave. */
  Masks sent() {
    return sent;
  }

  /** Header protection of packets that came. */
  Masks received() {
    return received;
  }

  private static Cipher cipher(String transformation) {
    try {
      return Cipher.getInstance(transformation);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has " + transformation, e);
    }
  }

  /** AES-ECB of one block: the mask of a header. */
  static final class Masks {
    private static final int BLOCK_BYTES = 16;

    private final byte[] mask = new byte[BLOCK_BYTES];
    private @Nullable Cipher cipher;
    private @Nullable AesKey keyed;

    /** The mask for a sample; valid until the next call. */
    byte[] of(AesKey key, byte[] packet, int sampleFrom) {
      Cipher ecb = cipher;
      if (ecb == null) {
        ecb = cipher("AES/ECB/NoPadding");
        cipher = ecb;
      }
      try {
        if (keyed != key) {
          ecb.init(Cipher.ENCRYPT_MODE, key);
          keyed = key;
        }
        int bytes = ecb.update(packet, sampleFrom, BLOCK_BYTES, mask, 0);
        assert bytes == BLOCK_BYTES;
        return mask;
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException("one block in, one block out", e);
      }
    }
  }
}
