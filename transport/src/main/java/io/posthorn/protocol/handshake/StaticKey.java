package io.posthorn.protocol.handshake;

import io.posthorn.identity.Fingerprint;
import io.posthorn.protocol.protection.Hkdf;
import io.posthorn.protocol.protection.SipHash;
import io.posthorn.wire.BigEndian;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The long-lived X25519 key pair that is a side's identity. Immutable until it is erased. {@link
 * #toString} shows the fingerprint, never the private key.
 */
public final class StaticKey {
  /** Length of the private and of the public key. */
  public static final int KEY_BYTES = X25519.KEY_BYTES;

  private final byte[] privateKey;
  private final byte[] publicKey;

  private StaticKey(byte[] privateKey) {
    this.privateKey = privateKey;
    this.publicKey = X25519.publicKey(privateKey);
  }

  /** Draws a new key pair; {@code random} is to be a {@code SecureRandom} outside simulations. */
  public static StaticKey generate(RandomGenerator random) {
    byte[] privateKey = new byte[KEY_BYTES];
    random.nextBytes(privateKey);
    return new StaticKey(privateKey);
  }

  /**
   * The key pair with this private key.
   *
   * @param privateKey 32 bytes, copied
   * @throws IllegalArgumentException if the length is another
   */
  public static StaticKey of(byte[] privateKey) {
    if (privateKey.length != KEY_BYTES) {
      throw new IllegalArgumentException(
          "an X25519 private key has 32 bytes, not " + privateKey.length);
    }
    return new StaticKey(privateKey.clone());
  }

  /** The public key: a copy of its 32 bytes, little-endian as in RFC 7748. */
  public byte[] publicKey() {
    return publicKey.clone();
  }

  /**
   * The private key: a copy of its 32 bytes, for a key file. The caller clears it after use; it
   * never goes into a log.
   */
  public byte[] privateKey() {
    return privateKey.clone();
  }

  /** The private key itself, not a copy; not to be changed. */
  byte[] sharedPrivateKey() {
    return privateKey;
  }

  /**
   * HMAC-SHA256 for one purpose at one port of this identity, with a key by HKDF from the private
   * key: the same after a restart there, and another at each other port, for one identity may have
   * many.
   *
   * @param label names the purpose
   * @param local what the port is bound to, {@code 0.0.0.0} being another address than {@code ::},
   *     since one process can have the one and another the other; null if that is not known
   */
  Mac macAt(byte[] label, @Nullable InetSocketAddress local) {
    byte[] secret = secretAt(label, local);
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret, "HmacSHA256"));
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HmacSHA256", e);
    } finally {
      Arrays.fill(secret, (byte) 0);
    }
  }

  /** As {@link #macAt}, where a hash is enough that is the quicker one. */
  SipHash hashAt(byte[] label, @Nullable InetSocketAddress local) {
    byte[] secret = secretAt(label, local);
    try {
      return new SipHash(secret);
    } finally {
      Arrays.fill(secret, (byte) 0);
    }
  }

  private byte[] secretAt(byte[] label, @Nullable InetSocketAddress local) {
    Hkdf hkdf = new Hkdf();
    byte[] secret = hkdf.extract(label, privateKey);
    if (local == null) {
      return secret;
    }
    byte[] address = local.getAddress().getAddress();
    byte[] place = Arrays.copyOf(address, address.length + Short.BYTES);
    BigEndian.putShort(place, address.length, local.getPort());
    byte[] there = hkdf.expand(secret, place, KEY_BYTES);
    Arrays.fill(secret, (byte) 0);
    return there;
  }

  /** The fingerprint of the public key. */
  public Fingerprint fingerprint() {
    return Fingerprint.of(publicKey);
  }

  /** Erases the private key; handshakes with it fail from then on. */
  public void destroy() {
    Arrays.fill(privateKey, (byte) 0);
  }

  @Override
  public String toString() {
    return fingerprint().toString();
  }
}
