package io.posthorn.protocol;

import io.posthorn.Security;
import io.posthorn.protocol.handshake.TransportParameters;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Who the peer is. First whom this side expects: the names under which it asked for the peer, and
 * what its security says of a key under each; a peer that came by itself is nobody's until it is
 * asked for. Once the keys are known, what the peer proved and said of itself.
 */
public final class PeerIdentity {
  private static final byte[] NO_KEY = new byte[0];

  private final Security security;
  private final boolean cameByItself;
  private InetSocketAddress alias;
  private PeerNames names = PeerNames.NONE;
  private byte @Nullable [] key;
  private long instanceId;
  private byte @Nullable [] registrations;
  private String application = "";

  /**
   * Nothing is known yet but where it is.
   *
   * @param address asked for by this side, if the peer did not come by itself
   */
  PeerIdentity(Security security, InetSocketAddress address, boolean cameByItself) {
    this.security = security;
    this.alias = address;
    this.cameByItself = cameByItself;
    if (!cameByItself) {
      names = names.and(address);
    }
  }

  /**
   * The address under which the application knows the peer: the one at which it was met, until
   * {@link #rename}.
   */
  public InetSocketAddress alias() {
    return alias;
  }

  /** The application is to know the peer by another address from now on. */
  public void rename(InetSocketAddress to) {
    alias = to;
  }

  /**
   * This side asks for the peer under this name. Before its key is known, the name joins those
   * under which it will be judged; after that it is judged now, and remembered if this is its first
   * use.
   *
   * @param confirmed whether the peer has proved to have its key
   * @return why the peer must not be used for that name; null if it may be
   */
  @Nullable String askFor(InetSocketAddress name, boolean confirmed) {
    if (names.contains(name)) {
      return null;
    }
    byte[] known = key;
    if (known != null) {
      String problem = security.refusal(name, known, true);
      if (problem == null && confirmed) {
        problem = security.remember(name, known);
      }
      if (problem != null) {
        return problem;
      }
    }
    names = names.and(name);
    return null;
  }

  /**
   * Why somebody with this key cannot be the peer that this side asked for; null if it may be, and
   * if the peer came by itself and was never asked for.
   */
  public @Nullable String refusal(byte[] other) {
    for (int i = 0; i < names.size(); i++) {
      String refusal = security.refusal(names.get(i), other, true);
      if (refusal != null) {
        return refusal;
      }
    }
    return null;
  }

  /**
   * Whether somebody with this key at the peer's address may be what the peer has become, after a
   * restart say. With the same key always. With another one, only if this side would take whoever
   * has it for the peer: under each name by which it asked for the peer; and where the peer came by
   * itself, if such a stranger might come too. Where this side knows those who come by their keys
   * ({@link Security#takesStrangers}), another key is another peer, even if that may come as well:
   * it neither ends the connection nor gets what is sent to its address.
   */
  public boolean mayBecome(byte[] other) {
    if (hasKey(other)) {
      return true;
    }
    if (refusal(other) != null) {
      return false;
    }
    return !cameByItself
        || (security.takesStrangers() && security.refusal(alias, other, false) == null);
  }

  /** The keys are known, and with them who is at the other end. */
  void onKeys(byte[] peerKey, TransportParameters told) {
    key = peerKey;
    instanceId = told.instanceId;
    registrations = told.registrationFingerprint;
    byte[] speaks = told.application;
    application = speaks == null ? "" : new String(speaks, StandardCharsets.ISO_8859_1);
  }

  /**
   * The peer has proved to have its key: it is remembered under each name by which it was asked
   * for.
   *
   * @return why it cannot be remembered, so that it is not to be used; else null
   */
  @Nullable String remember() {
    byte[] proved = key();
    for (int i = 0; i < names.size(); i++) {
      String problem = security.remember(names.get(i), proved);
      if (problem != null) {
        return problem;
      }
    }
    return null;
  }

  /** Whether the peer has this static key. */
  public boolean hasKey(byte[] other) {
    byte[] known = key;
    return known != null && Arrays.equals(known, other);
  }

  /** The peer's static key, 32 bytes; empty in clear and before it is known. */
  public byte[] key() {
    byte[] known = key;
    return known == null ? NO_KEY : known;
  }

  /** Tells this run of the peer's socket from others; 0 before it is known. */
  public long instanceId() {
    return instanceId;
  }

  /** Fingerprint of what the peer's codec knows, 32 bytes; null if it did not tell. */
  public byte @Nullable [] registrations() {
    return registrations;
  }

  /** What the peer's application says it speaks; from the network. Empty for nothing. */
  public String application() {
    return application;
  }
}
