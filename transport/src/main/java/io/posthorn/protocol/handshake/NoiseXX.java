package io.posthorn.protocol.handshake;

import io.posthorn.protocol.protection.AesCiphers;
import io.posthorn.protocol.protection.AesGcmProtection;
import io.posthorn.protocol.protection.KeyLimits;
import io.posthorn.protocol.protection.PacketProtection;
import io.posthorn.wire.WireLimits;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Noise_XX_25519_AESGCM_SHA256, or with a pre-shared secret Noise_XXpsk3_25519_AESGCM_SHA256 (Noise
 * rev. 34, §7.5 and §9). Not thread-safe.
 *
 * <pre>
 *   -&gt; e                      body 1, empty payload
 *   &lt;- e, ee, s, es           body 2, payload: the responder's parameters
 *   -&gt; s, se [, psk]          body 3, payload: the initiator's parameters
 * </pre>
 *
 * <p>All randomness is drawn from the generator at construction, so an attempt replays byte for
 * byte from a seed. Methods that read take any bytes: what does not fit, does not verify or holds a
 * point of small order is refused and changes nothing. Methods called out of their order throw
 * {@link IllegalStateException}.
 */
public final class NoiseXX implements Handshake {
  /** Length of a pre-shared secret. */
  public static final int PRE_SHARED_KEY_BYTES = 32;

  private static final int KEY_BYTES = X25519.KEY_BYTES;
  private static final int TAG_BYTES = NoiseCipherState.TAG_BYTES;
  private static final int SEALED_KEY_BYTES = KEY_BYTES + TAG_BYTES;
  private static final byte[] EMPTY = {};

  /** The next thing to do. */
  private enum Step {
    WRITE_FIRST,
    READ_SECOND,
    WRITE_THIRD,
    READ_FIRST,
    WRITE_SECOND,
    READ_THIRD,
    SPLIT,
    DONE
  }

  /**
   * The static key in M3.
   *
   * @param sealed as it came
   * @param opened what it says
   * @param keyed opens the payload behind it; null if the key is a point of small order
   */
  private record ThirdKey(byte[] sealed, byte[] opened, @Nullable NoiseSymmetricState keyed) {
    boolean isIn(byte[] in, int from) {
      return Arrays.equals(sealed, 0, SEALED_KEY_BYTES, in, from, from + SEALED_KEY_BYTES);
    }
  }

  private final boolean initiator;
  private final StaticKey localStaticKey;
  private final byte[] localEphemeralPrivate;
  private final byte[] localEphemeral;
  private final byte[] remoteEphemeral = new byte[KEY_BYTES];
  private final byte @Nullable [] preSharedKey;
  private final byte[] sharedSecret = new byte[KEY_BYTES];
  private final KeptKeys kept = new KeptKeys();
  private byte[] remoteStatic = EMPTY;
  private NoiseSymmetricState symmetric;
  private @Nullable ThirdKey thirdKey; // once one has opened
  private Step step;
  private int agreements;

  NoiseXX(
      boolean initiator,
      StaticKey localStaticKey,
      byte[] ephemeralPrivate,
      byte[] prologue,
      byte @Nullable [] preSharedKey) {
    if (preSharedKey != null && preSharedKey.length != PRE_SHARED_KEY_BYTES) {
      throw new IllegalArgumentException(
          "a pre-shared key has 32 bytes, not " + preSharedKey.length);
    }
    this.initiator = initiator;
    this.localStaticKey = localStaticKey;
    this.localEphemeralPrivate = ephemeralPrivate;
    this.localEphemeral = X25519.publicKey(ephemeralPrivate);
    this.preSharedKey = preSharedKey == null ? null : preSharedKey.clone();
    this.symmetric =
        new NoiseSymmetricState(
            preSharedKey == null
                ? "Noise_XX_25519_AESGCM_SHA256"
                : "Noise_XXpsk3_25519_AESGCM_SHA256");
    this.symmetric.mixHash(prologue, 0, prologue.length);
    this.step = initiator ? Step.WRITE_FIRST : Step.READ_FIRST;
  }

  /**
   * An attempt to open a connection.
   *
   * @param key the own identity
   * @param initiatorConnectionId the connection id that M1 will carry
   * @param preSharedKey 32 bytes, copied, or null for none
   * @param random gives the ephemeral private key
   */
  public static NoiseXX initiator(
      StaticKey key,
      long initiatorConnectionId,
      byte @Nullable [] preSharedKey,
      RandomGenerator random) {
    return create(true, key, initiatorConnectionId, preSharedKey, random);
  }

  /**
   * An attempt to answer one.
   *
   * @param key the own identity
   * @param initiatorConnectionId the connection id that M1 carried
   * @param preSharedKey 32 bytes, copied, or null for none
   * @param random gives the ephemeral private key
   */
  public static NoiseXX responder(
      StaticKey key,
      long initiatorConnectionId,
      byte @Nullable [] preSharedKey,
      RandomGenerator random) {
    return create(false, key, initiatorConnectionId, preSharedKey, random);
  }

  private static NoiseXX create(
      boolean initiator,
      StaticKey key,
      long initiatorConnectionId,
      byte @Nullable [] preSharedKey,
      RandomGenerator random) {
    byte[] ephemeralPrivate = new byte[KEY_BYTES];
    random.nextBytes(ephemeralPrivate);
    int suite = preSharedKey == null ? WireLimits.SUITE_NOISE_XX : WireLimits.SUITE_NOISE_XX_PSK3;
    return new NoiseXX(
        initiator, key, ephemeralPrivate, Prologue.of(suite, initiatorConnectionId), preSharedKey);
  }

  /** Length of the body of M1: the ephemeral key, and with a pre-shared secret an empty seal. */
  public int firstBytes() {
    return KEY_BYTES + (preSharedKey == null ? 0 : TAG_BYTES);
  }

  @Override
  public int writeFirst(byte[] out, int from) {
    return writeFirst(EMPTY, 0, out, from);
  }

  /** As {@link #writeFirst(byte[], int)}, with a payload, which the published vectors have. */
  int writeFirst(byte[] payload, int payloadLength, byte[] out, int from) {
    advance(Step.WRITE_FIRST, Step.READ_SECOND);
    System.arraycopy(localEphemeral, 0, out, from, KEY_BYTES);
    mixEphemeral(symmetric, localEphemeral);
    return KEY_BYTES + symmetric.encryptAndHash(payload, 0, payloadLength, out, from + KEY_BYTES);
  }

  @Override
  public boolean readFirst(byte[] in, int from, int length) {
    return readFirst(in, from, length, EMPTY) == 0;
  }

  /** As {@link #readFirst(byte[], int, int)}; returns the payload's length or {@link #FAILED}. */
  int readFirst(byte[] in, int from, int length, byte[] payload) {
    expect(Step.READ_FIRST);
    if (length < firstBytes() || doesNotFit(in, from, length)) {
      return FAILED;
    }
    byte[] ephemeral = Arrays.copyOfRange(in, from, from + KEY_BYTES);
    NoiseSymmetricState attempt = symmetric.copy();
    mixEphemeral(attempt, ephemeral);
    int payloadLength =
        attempt.decryptAndHash(in, from + KEY_BYTES, length - KEY_BYTES, payload, 0);
    // The keys of body 2 are agreed on here already: a point of small order makes each of its
    // Diffie-Hellman results zero, and reading is where a peer's fault has an answer.
    if (payloadLength == FAILED || !agree(localEphemeralPrivate, ephemeral)) {
      return FAILED;
    }
    System.arraycopy(ephemeral, 0, remoteEphemeral, 0, KEY_BYTES);
    commit(attempt);
    step = Step.WRITE_SECOND;
    return payloadLength;
  }

  @Override
  public int writeSecond(byte[] payload, int payloadLength, byte[] out, int from) {
    advance(Step.WRITE_SECOND, Step.READ_THIRD);
    int at = from;
    System.arraycopy(localEphemeral, 0, out, at, KEY_BYTES);
    at += KEY_BYTES;
    mixEphemeral(symmetric, localEphemeral);
    symmetric.mixKey(sharedSecret); // ee, from readFirst
    kept.ofSecondStatic(symmetric);
    at += sealStaticKey(out, at);
    mustAgree(localStaticKey.sharedPrivateKey(), remoteEphemeral); // es
    symmetric.mixKey(sharedSecret);
    kept.ofSecondPayload(symmetric);
    at += symmetric.encryptAndHash(payload, 0, payloadLength, out, at);
    symmetric.rest(); // a stranger may let this one wait
    return at - from;
  }

  @Override
  public int readSecond(byte[] in, int from, int length, byte[] payload) {
    expect(Step.READ_SECOND);
    if (length < KEY_BYTES + SEALED_KEY_BYTES + TAG_BYTES || doesNotFit(in, from, length)) {
      return FAILED;
    }
    int at = from;
    byte[] ephemeral = Arrays.copyOfRange(in, at, at + KEY_BYTES);
    at += KEY_BYTES;
    NoiseSymmetricState attempt = symmetric.copy();
    mixEphemeral(attempt, ephemeral);
    if (!agree(localEphemeralPrivate, ephemeral)) { // ee
      return FAILED;
    }
    attempt.mixKey(sharedSecret);
    kept.ofSecondStatic(attempt);
    byte[] publicKey = new byte[KEY_BYTES];
    if (attempt.decryptAndHash(in, at, SEALED_KEY_BYTES, publicKey, 0) == FAILED // s
        || !agree(localEphemeralPrivate, publicKey)) { // es
      return FAILED;
    }
    at += SEALED_KEY_BYTES;
    attempt.mixKey(sharedSecret);
    kept.ofSecondPayload(attempt);
    int payloadLength = attempt.decryptAndHash(in, at, from + length - at, payload, 0);
    if (payloadLength == FAILED) {
      return FAILED;
    }
    System.arraycopy(ephemeral, 0, remoteEphemeral, 0, KEY_BYTES);
    remoteStatic = publicKey;
    commit(attempt);
    step = Step.WRITE_THIRD;
    return payloadLength;
  }

  @Override
  public int writeThird(byte[] payload, int payloadLength, byte[] out, int from) {
    advance(Step.WRITE_THIRD, Step.SPLIT);
    int at = from + sealStaticKey(out, from);
    mustAgree(localStaticKey.sharedPrivateKey(), remoteEphemeral); // se
    symmetric.mixKey(sharedSecret);
    mixPreSharedKey(symmetric);
    kept.ofThird(symmetric);
    at += symmetric.encryptAndHash(payload, 0, payloadLength, out, at);
    return at - from;
  }

  @Override
  public int readThird(byte[] in, int from, int length, byte[] payload, PayloadCheck check) {
    expect(Step.READ_THIRD);
    if (isNoThird(in, from, length)) {
      return FAILED;
    }
    ThirdKey key = thirdKey == null ? openThirdKey(in, from) : thirdKey;
    NoiseSymmetricState keyed = key == null ? null : key.keyed;
    if (key == null || keyed == null || !key.isIn(in, from)) {
      return FAILED;
    }
    NoiseSymmetricState attempt = keyed.copy();
    int payloadLength =
        attempt.decryptAndHash(in, from + SEALED_KEY_BYTES, length - SEALED_KEY_BYTES, payload, 0);
    if (payloadLength == FAILED || !check.accepts(payload, payloadLength)) {
      attempt.destroy();
      return FAILED;
    }
    keyed.destroy();
    remoteStatic = key.opened;
    commit(attempt);
    step = Step.SPLIT;
    return payloadLength;
  }

  /**
   * Opens the static key of M3 and agrees on the payload's key, once: only who sent M1 can seal a
   * static key that opens, and he sends one. So whatever follows with another costs nothing, and
   * with this one no Diffie–Hellman any more. Null if it does not open.
   */
  private @Nullable ThirdKey openThirdKey(byte[] in, int from) {
    NoiseSymmetricState attempt = symmetric.copy();
    byte[] publicKey = new byte[KEY_BYTES];
    if (attempt.decryptAndHash(in, from, SEALED_KEY_BYTES, publicKey, 0) == FAILED) { // s
      attempt.destroy();
      return null;
    }
    byte[] sealed = Arrays.copyOfRange(in, from, from + SEALED_KEY_BYTES);
    ThirdKey key;
    if (agree(localEphemeralPrivate, publicKey)) { // se
      attempt.mixKey(sharedSecret);
      mixPreSharedKey(attempt);
      kept.ofThird(attempt);
      attempt.rest();
      key = new ThirdKey(sealed, publicKey, attempt);
    } else {
      attempt.destroy();
      key = new ThirdKey(sealed, publicKey, null);
    }
    thirdKey = key;
    return key;
  }

  @Override
  public boolean isFurtherThird(byte[] in, int from, int length) {
    ThirdKey key = thirdKey;
    return step == Step.READ_THIRD
        && key != null
        && !isNoThird(in, from, length)
        && key.isIn(in, from);
  }

  private static boolean isNoThird(byte[] in, int from, int length) {
    return length < SEALED_KEY_BYTES + TAG_BYTES || doesNotFit(in, from, length);
  }

  /** Diffie–Hellman results that this attempt has computed: what a peer may cause is bounded. */
  public int agreements() {
    return agreements;
  }

  @Override
  public PacketProtection split(KeyLimits limits, AesCiphers ciphers) {
    byte[][] secrets = splitSecrets();
    PacketProtection protection =
        initiator
            ? new AesGcmProtection(secrets[0], secrets[1], limits, ciphers)
            : new AesGcmProtection(secrets[1], secrets[0], limits, ciphers);
    Arrays.fill(secrets[0], (byte) 0);
    Arrays.fill(secrets[1], (byte) 0);
    return protection;
  }

  /** The two keys of Split; erases all other secrets of the attempt. */
  byte[][] splitSecrets() {
    advance(Step.SPLIT, Step.DONE);
    byte[][] secrets = symmetric.split();
    destroy();
    return secrets;
  }

  /** The transcript hash, which after the third message names the session (Noise §11.2). */
  byte[] handshakeHash() {
    return symmetric.handshakeHash();
  }

  @Override
  public byte[] localEphemeral() {
    return localEphemeral.clone();
  }

  @Override
  public byte[] remoteEphemeral() {
    return remoteEphemeral.clone();
  }

  @Override
  public byte[] remoteStatic() {
    return remoteStatic.clone();
  }

  @Override
  public void keepKeys() {
    kept.begin();
  }

  @Override
  public void revealKeys(KeyReader reader) {
    expect(Step.SPLIT);
    kept.reveal(reader);
  }

  @Override
  public void destroy() {
    step = Step.DONE;
    kept.destroy();
    symmetric.destroy();
    NoiseSymmetricState keyed = thirdKey == null ? null : thirdKey.keyed;
    if (keyed != null) {
      keyed.destroy();
    }
    Arrays.fill(localEphemeralPrivate, (byte) 0);
    Arrays.fill(sharedSecret, (byte) 0);
    if (preSharedKey != null) {
      Arrays.fill(preSharedKey, (byte) 0);
    }
  }

  @Override
  public String toString() {
    return "NoiseXX[" + (initiator ? "initiator" : "responder") + ", " + step + "]";
  }

  private int sealStaticKey(byte[] out, int at) {
    return symmetric.encryptAndHash(localStaticKey.publicKey(), 0, KEY_BYTES, out, at);
  }

  /** Where a pre-shared secret takes part, an ephemeral key is mixed in as a key too (§9.2). */
  private void mixEphemeral(NoiseSymmetricState state, byte[] ephemeral) {
    state.mixHash(ephemeral, 0, KEY_BYTES);
    if (preSharedKey != null) {
      state.mixKey(ephemeral);
    }
  }

  private void mixPreSharedKey(NoiseSymmetricState state) {
    if (preSharedKey != null) {
      state.mixKeyAndHash(preSharedKey);
    }
  }

  private boolean agree(byte[] privateKey, byte[] peerPublicKey) {
    agreements++;
    return X25519.agree(privateKey, peerPublicKey, sharedSecret);
  }

  private void mustAgree(byte[] privateKey, byte[] peerPublicKey) {
    if (!agree(privateKey, peerPublicKey)) {
      throw new IllegalStateException("points of small order were refused when they were read");
    }
  }

  private void commit(NoiseSymmetricState attempt) {
    symmetric.destroy();
    symmetric = attempt;
  }

  private void expect(Step expected) {
    if (step != expected) {
      throw new IllegalStateException("next is " + step + ", not " + expected);
    }
  }

  private void advance(Step expected, Step next) {
    expect(expected);
    step = next;
  }

  private static boolean doesNotFit(byte[] in, int from, int length) {
    return from < 0 || length > in.length - from;
  }
}
