package io.posthorn.protocol;

import io.posthorn.Security;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Whom this side expects at the other end: the names under which it asked for the peer, all at one
 * address, and what its security says of a key under each. A peer that came by itself is nobody's
 * until it is asked for.
 */
final class ExpectedPeer {
  private final Security security;
  private PeerNames names = PeerNames.NONE;

  ExpectedPeer(Security security) {
    this.security = security;
  }

  /** Whether this side asked for it under this name. */
  boolean isAskedForAs(InetSocketAddress name) {
    return names.contains(name);
  }

  /** This side asks for the peer under one more name; what its key has to be there is judged. */
  void add(InetSocketAddress name) {
    names = names.with(name);
  }

  /** Why a peer with this key is not the one asked for; null if it is, or nobody was. */
  @Nullable String refusal(byte[] key) {
    for (int i = 0; i < names.size(); i++) {
      String refusal = security.refusal(names.get(i), key, true);
      if (refusal != null) {
        return refusal;
      }
    }
    return null;
  }

  /**
   * The peer has proved to have this key.
   *
   * @return why it cannot be remembered, so that it is not to be used; else null
   */
  @Nullable String remember(byte[] key) {
    for (int i = 0; i < names.size(); i++) {
      String problem = security.remember(names.get(i), key);
      if (problem != null) {
        return problem;
      }
    }
    return null;
  }
}
