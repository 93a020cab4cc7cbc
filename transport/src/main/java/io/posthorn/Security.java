package io.posthorn;

import io.posthorn.identity.AuthorizedKeys;
import io.posthorn.identity.Fingerprint;
import io.posthorn.identity.Identity;
import io.posthorn.identity.KnownHosts;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * How peers are authenticated and packets protected in {@link Mode#RELIABLE}. Immutable; the {@code
 * with…} methods answer a changed copy, and any of them may be combined.
 *
 * <table>
 * <caption>What is promised, against whom</caption>
 * <tr><th></th><th>who listens</th><th>who stands between</th><th>a stranger who connects</th></tr>
 * <tr><td>{@link #ephemeral()}, the default</td><td>yes</td><td>no</td><td>no</td></tr>
 * <tr><td>{@link #trustOnFirstUse}</td><td>yes</td><td>from the second connection to a peer
 *     on</td><td>no</td></tr>
 * <tr><td>{@link #pinned}</td><td>yes</td><td>yes</td><td>yes</td></tr>
 * <tr><td>{@link #preSharedKey(byte[])}</td><td>yes</td><td>yes, but for who has it</td><td>yes,
 *     but for who has it</td></tr>
 * <tr><td>{@link #authorizedKeys}</td><td>yes</td><td>at the side that connects: no</td>
 *     <td>yes</td></tr>
 * <tr><td>{@link #none()}</td><td>no</td><td>no</td><td>no</td></tr>
 * </table>
 *
 * <p>What holds for the peers that a socket connects to holds for them in either role. Until the
 * socket asks for it, a peer that connects is judged by its address alone, as nothing else is known
 * of it. Once the socket asks for a peer there, by {@code connect} or by a message to its address,
 * the connection that there is must show the key that is due under the name asked for; if it does,
 * that is a first use like another. If not, it ends, and the peer itself is tried. While such a
 * connection lasts, whoever else connects from there must show the right key too. An answer on the
 * connection that brought a message ({@link Message#connection}) asks for nobody.
 *
 * <pre>{@code
 * Security security = Security.preSharedKey("six words that nobody else knows".toCharArray());
 * try (MessageSocket socket = MessageSocket.builder().security(security).open()) {
 *   Security used = socket.options().security(); // prints what it asks for, and no secret
 * }
 * }</pre>
 */
public final class Security {
  /** Length of a pre-shared key. */
  public static final int PRE_SHARED_KEY_BYTES = 32;

  private static final Security EPHEMERAL = new Security(true, null, null, PeerTrust.ANYBODY);
  private static final Security NONE = new Security(false, null, null, PeerTrust.ANYBODY);

  private final boolean encrypted;
  private final @Nullable Identity identity;
  private final @Nullable SharedSecret preSharedKey;
  private final PeerTrust trust;

  private Security(
      boolean encrypted,
      @Nullable Identity identity,
      @Nullable SharedSecret preSharedKey,
      PeerTrust trust) {
    this.encrypted = encrypted;
    this.identity = identity;
    this.preSharedKey = preSharedKey;
    this.trust = trust;
  }

  /** Encrypted, with an identity made anew for each socket and no pinning of the peer's. */
  public static Security ephemeral() {
    return EPHEMERAL;
  }

  /**
   * A checksum and unguessable ids instead of encryption, for trusted links and for watching the
   * protocol. Promises nothing against anyone on the path; both sides must ask for it.
   */
  public static Security none() {
    return NONE;
  }

  /** Encrypted, with an identity of one's own that peers can know again. */
  public static Security identity(Identity identity) {
    return EPHEMERAL.withIdentity(identity);
  }

  /**
   * Encrypted, and only with peers that have one of these fingerprints; see {@link #withPinned}.
   */
  public static Security pinned(String... fingerprints) {
    return EPHEMERAL.withPinned(fingerprints);
  }

  /** Encrypted, and a peer has to keep its key; see {@link #withTrustOnFirstUse(Path)}. */
  public static Security trustOnFirstUse(Path knownHosts) {
    return EPHEMERAL.withTrustOnFirstUse(knownHosts);
  }

  /** Encrypted, and only with peers that have the key; see {@link #withPreSharedKey(byte[])}. */
  public static Security preSharedKey(byte[] key) {
    return EPHEMERAL.withPreSharedKey(key);
  }

  /** Encrypted, and only with peers that have the secret; see {@link #withPreSharedKey(char[])}. */
  public static Security preSharedKey(char[] secret) {
    return EPHEMERAL.withPreSharedKey(secret);
  }

  /** Encrypted, and only these peers may connect here; see {@link #withAuthorizedKeys}. */
  public static Security authorizedKeys(Path file) {
    return EPHEMERAL.withAuthorizedKeys(file);
  }

  /** The same with an identity of one's own that peers can know again. */
  public Security withIdentity(Identity identity) {
    requireKeys();
    return new Security(true, identity, preSharedKey, trust);
  }

  /**
   * The same, but every peer must have one of these fingerprints; one that does not gets no
   * message. If {@link #withAuthorizedKeys} is given too, who connects here may stand there
   * instead, and is answered on its connection.
   *
   * @param fingerprints "SHA256:…", one at least
   * @throws IllegalArgumentException if there is none, or one cannot be read
   */
  public Security withPinned(String... fingerprints) {
    requireKeys();
    if (fingerprints.length == 0) {
      throw new IllegalArgumentException("no fingerprint: give at least one, or nobody would do");
    }
    Set<Fingerprint> parsed = new LinkedHashSet<>();
    for (String fingerprint : fingerprints) {
      parsed.add(Fingerprint.parse(fingerprint));
    }
    return with(trust.withPinned(parsed));
  }

  /**
   * The same, but the key of a peer that is connected to is remembered at the first connection, and
   * another one refused from then on with a {@link PeerIdentityChangedException} that names file
   * and line. The first time, whoever stands between is not noticed.
   *
   * @param knownHosts is made when there is something to remember
   */
  public Security withTrustOnFirstUse(Path knownHosts) {
    return keepingHosts(knownHosts, PeerTrust.Newcomers.REMEMBERED, null);
  }

  /**
   * As {@link #withTrustOnFirstUse(Path)}, and tells of each peer that is remembered.
   *
   * @param onFirstUse takes the peer and its key's fingerprint before {@code connect} returns; it
   *     runs while the socket is locked, so it must be quick and leave the socket alone; what it
   *     throws goes to the thread's handler of uncaught exceptions, and the peer is taken
   */
  public Security withTrustOnFirstUse(
      Path knownHosts, BiConsumer<InetSocketAddress, Fingerprint> onFirstUse) {
    return keepingHosts(knownHosts, PeerTrust.Newcomers.REMEMBERED, onFirstUse);
  }

  /**
   * As {@link #withTrustOnFirstUse(Path)}, but a peer that the file does not name is refused too.
   */
  public Security withKnownHosts(Path knownHosts) {
    return keepingHosts(knownHosts, PeerTrust.Newcomers.REFUSED, null);
  }

  /**
   * As {@link #withTrustOnFirstUse(Path, BiConsumer)}, but nothing is written: a peer that the file
   * does not name is told of at each connection, and taken. For where nothing can be kept.
   *
   * @param onUnknown takes the peer and its key's fingerprint, under the same rules
   */
  public Security withKnownHosts(
      Path knownHosts, BiConsumer<InetSocketAddress, Fingerprint> onUnknown) {
    return keepingHosts(knownHosts, PeerTrust.Newcomers.TOLD, onUnknown);
  }

  private Security keepingHosts(
      Path file,
      PeerTrust.Newcomers newcomers,
      @Nullable BiConsumer<InetSocketAddress, Fingerprint> listener) {
    requireKeys();
    return with(trust.withKnownHosts(new KnownHosts(file), newcomers, listener));
  }

  /**
   * The same, but whoever shows a key that is revoked there is refused, in either role and whatever
   * else speaks for it.
   *
   * @param knownHosts a file as {@link #withTrustOnFirstUse(Path)} keeps it, of which only the
   *     lines {@code @revoked SHA256:…} (or with a public key) matter here; a change holds from the
   *     next handshake on. None are revoked if there is no such file; while it cannot be read,
   *     nobody is accepted
   */
  public Security withRevokedKeys(Path knownHosts) {
    requireKeys();
    return with(trust.withRevocations(new KnownHosts(knownHosts)));
  }

  /**
   * The same, but both sides must have this key. It proves that a peer knows it, not which of those
   * who do; and whoever has it cannot read what others recorded before.
   *
   * @param key 32 unguessable bytes, copied
   * @throws IllegalArgumentException if the length is another
   */
  public Security withPreSharedKey(byte[] key) {
    requireKeys();
    return with(new SharedSecret(key));
  }

  /**
   * As {@link #withPreSharedKey(byte[])}, with a secret of words. The key is stretched from it by
   * PBKDF2-HMAC-SHA-256 with 600,000 rounds, which takes some tenths of a second here and as long
   * for each guess of somebody who answers in the peer's place and then searches by himself; so a
   * short or common secret can be found all the same. Six random words cannot.
   *
   * @param secret 8 characters at least, not kept; the caller clears it
   * @throws IllegalArgumentException if it is shorter
   */
  public Security withPreSharedKey(char[] secret) {
    SharedSecret stretched = SharedSecret.of(secret);
    requireKeys();
    return with(stretched);
  }

  /**
   * The same, but only peers whose keys stand in the file may connect here; others are told so.
   *
   * @param file lines of {@code posthorn-x25519 BASE64 comment} or {@code SHA256:…}; a change holds
   *     from the next handshake on, and nobody may connect while it cannot be read: the log {@code
   *     io.posthorn} then says so
   */
  public Security withAuthorizedKeys(Path file) {
    requireKeys();
    return with(trust.withAuthorized(new AuthorizedKeys(file)));
  }

  private Security with(PeerTrust other) {
    return new Security(true, identity, preSharedKey, other);
  }

  private Security with(SharedSecret key) {
    return new Security(true, identity, key, trust);
  }

  /** What is not encrypted knows none. */
  private void requireKeys() {
    if (!encrypted) {
      throw new IllegalStateException(
          "Security.none() knows no keys: begin with another, such as Security.ephemeral()");
    }
  }

  /** Whether packets are encrypted and authenticated. */
  public boolean isEncrypted() {
    return encrypted;
  }

  /** Whether both sides must have a pre-shared key. */
  public boolean hasPreSharedKey() {
    return preSharedKey != null;
  }

  /** The own identity, or null if each socket makes one. */
  public @Nullable Identity identity() {
    return identity;
  }

  /**
   * A copy of the pre-shared key, which the caller clears; null if there is none.
   *
   * @throws IllegalStateException if it was erased
   */
  public byte @Nullable [] preSharedKey() {
    SharedSecret key = preSharedKey;
    return key == null ? null : key.copy();
  }

  /**
   * Erases the pre-shared key, here and in all that was made from this by {@code with…}; no socket
   * opens with it any more. Those that are open keep their own copy until they are closed. An
   * {@link Identity} is erased by its own method.
   */
  public void destroy() {
    SharedSecret key = preSharedKey;
    if (key != null) {
      key.erase();
    }
  }

  /**
   * Checks that the files it names can be relied on, so that a socket fails when it is opened and
   * not at its first peer.
   *
   * @throws IOException if one cannot be read, is damaged, or others can write it or its folder, or
   *     own either
   * @throws IllegalStateException if the pre-shared key was erased, or the identity's private one
   */
  public void check() throws IOException {
    Identity own = identity;
    if (own != null) {
      own.requireThere();
    }
    SharedSecret secret = preSharedKey;
    if (secret != null) {
      secret.requireThere();
    }
    trust.check();
  }

  /**
   * Why a peer that proved to have a key is not accepted.
   *
   * @param peer where it is, by the name under which it was asked for
   * @param publicKey 32 bytes
   * @param isWanted whether this side asked for the peer; else it came by itself
   * @return what is wrong, where, and what to do; null if the peer is accepted
   */
  public @Nullable String refusal(InetSocketAddress peer, byte[] publicKey, boolean isWanted) {
    return encrypted ? trust.refusal(peer, publicKey, isWanted) : null;
  }

  /**
   * Whether peers may come by themselves of whom nothing is known, or no more than that they share
   * a secret. Where not, a peer is its key: one that comes with another is another peer.
   */
  public boolean takesStrangers() {
    return !encrypted || trust.takesStrangers();
  }

  /**
   * A peer that this side asked for has proved that it holds the keys of the connection: its key is
   * told of, and remembered, if this is the first time and that is wanted.
   *
   * @return why it cannot be remembered, so that the connection must not be used; null if all is
   *     well
   */
  public @Nullable String remember(InetSocketAddress peer, byte[] publicKey) {
    return trust.remember(peer, publicKey);
  }

  /** Names what is asked for, and no secret. */
  @Override
  public String toString() {
    if (!encrypted) {
      return "Security.none()";
    }
    StringBuilder text = new StringBuilder();
    if (identity != null) {
      text.append(", identity ").append(identity.fingerprint());
    }
    text.append(trust.words());
    if (preSharedKey != null) {
      text.append(", pre-shared key");
    }
    return text.isEmpty() ? "Security.ephemeral()" : "Security[" + text.substring(2) + "]";
  }
}
