package io.posthorn.identity;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.SecureRandom;
import java.security.spec.NamedParameterSpec;
import java.security.spec.XECPrivateKeySpec;
import java.security.spec.XECPublicKeySpec;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.KeyAgreement;
import org.jspecify.annotations.Nullable;

/**
 * An own key pair, by which peers know this side again. Whoever has the private key is this side;
 * it never appears in {@link #toString} or an exception.
 *
 * <p>A file of one holds the line {@code posthorn-x25519-private BASE64}, is for its owner alone
 * (mode 0600), and is refused when others can read it. It is never replaced or made anew in place
 * of one that cannot be read. Its monitor guards its fields.
 */
public final class Identity {
  private static final int KEY_BYTES = 32;
  private static final String TYPE = "posthorn-x25519-private";

  private final byte[] privateKey;
  private final PeerKey publicKey;
  private boolean erased;

  private Identity(byte[] privateKey) {
    this.privateKey = privateKey;
    this.publicKey = PeerKey.of(publicKeyOf(privateKey));
  }

  /** Draws a new key pair. */
  public static Identity generate() {
    byte[] privateKey = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(privateKey);
    return new Identity(privateKey);
  }

  /**
   * The key pair of a private key.
   *
   * @param privateKey 32 bytes (RFC 7748), copied
   * @throws IllegalArgumentException if the length is another
   */
  public static Identity of(byte[] privateKey) {
    if (privateKey.length != KEY_BYTES) {
      throw new IllegalArgumentException(
          "a private key has " + KEY_BYTES + " bytes, not " + privateKey.length);
    }
    return new Identity(privateKey.clone());
  }

  /**
   * Reads a file of one.
   *
   * @throws IdentityFileException if there is none, it is damaged, or others can read it
   */
  public static Identity load(Path file) throws IOException {
    Identity read = read(file);
    if (read == null) {
      throw new IdentityFileException(
          file, "no identity in " + file + ": there is no such file; make one or name another");
    }
    return read;
  }

  /**
   * Reads a file of one, or makes it if there is none; processes that do so at once get the same.
   *
   * @throws IdentityFileException if it is damaged, or others can read it
   * @throws IOException if it cannot be made
   */
  public static Identity loadOrCreate(Path file) throws IOException {
    Identity read = read(file);
    if (read != null) {
      return read;
    }
    Identity made = generate();
    try {
      made.save(file);
      return made;
    } catch (FileAlreadyExistsException another) {
      made.destroy();
      return load(file);
    }
  }

  /**
   * Writes it to a new file with mode 0600.
   *
   * @throws FileAlreadyExistsException if there is one, which stays as it is
   * @throws IllegalStateException if the private key was erased
   */
  public void save(Path file) throws IOException {
    GuardedFile.create(
        file,
        "# The private key of a Posthorn identity: whoever has it, is it.\n"
            + TYPE
            + " "
            + base64()
            + "\n");
  }

  private synchronized String base64() {
    requireThere();
    return Base64.getEncoder().encodeToString(privateKey);
  }

  private static @Nullable Identity read(Path file) throws IOException {
    String text = GuardedFile.readSecret(file);
    if (text == null) {
      return null;
    }
    byte @Nullable [] key = null;
    boolean bad = false;
    for (String line : text.lines().toList()) {
      String bare = line.strip();
      if (bare.isEmpty() || bare.startsWith("#")) {
        continue;
      }
      String[] words = bare.split("\\s+", 3);
      byte[] bytes =
          words.length >= 2 && words[0].equals(TYPE) ? Base64Text.decode(words[1]) : null;
      bad |= key != null || bytes == null || bytes.length != KEY_BYTES;
      key = bytes;
    }
    if (bad || key == null) {
      throw new IdentityFileException(
          file,
          file
              + " is damaged: expected one line of "
              + TYPE
              + " and 44 characters of Base64; restore it from a copy, or move it away to get a new"
              + " identity, which peers do not know");
    }
    Identity identity = of(key);
    Arrays.fill(key, (byte) 0);
    return identity;
  }

  /** The public half: who this side is to others. */
  public PeerKey publicKey() {
    return publicKey;
  }

  /** The fingerprint of the public key. */
  public Fingerprint fingerprint() {
    return publicKey.fingerprint();
  }

  /**
   * A copy of the 32 bytes of the private key, which the caller clears after use; zeros if it was
   * erased, see {@link #requireThere}.
   */
  public synchronized byte[] privateKey() {
    return privateKey.clone();
  }

  /**
   * Checks that the private key was not erased: of what is left a key could be made too, one that
   * everybody knows.
   *
   * @throws IllegalStateException if it was
   */
  public synchronized void requireThere() {
    if (erased) {
      throw new IllegalStateException(
          "the private key of "
              + fingerprint()
              + " was erased by destroy(): load it again, or generate another");
    }
  }

  /**
   * Erases the private key; no socket opens with it any more, and no file is made of it. Sockets
   * that are open keep their own copy until they are closed.
   */
  public synchronized void destroy() {
    Arrays.fill(privateKey, (byte) 0);
    erased = true;
  }

  @Override
  public String toString() {
    return "Identity[" + fingerprint() + "]";
  }

  /** The product of the private key and the base point (RFC 7748 §6.1). */
  private static byte[] publicKeyOf(byte[] privateKey) {
    try {
      KeyFactory keys = KeyFactory.getInstance("X25519");
      KeyAgreement agreement = KeyAgreement.getInstance("X25519");
      agreement.init(
          keys.generatePrivate(new XECPrivateKeySpec(NamedParameterSpec.X25519, privateKey)));
      agreement.doPhase(
          keys.generatePublic(
              new XECPublicKeySpec(NamedParameterSpec.X25519, BigInteger.valueOf(9))),
          true);
      return agreement.generateSecret();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform since 11 has X25519", e);
    }
  }
}
