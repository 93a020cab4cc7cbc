package io.posthorn;

import io.posthorn.identity.AuthorizedKeys;
import io.posthorn.identity.Fingerprint;
import io.posthorn.identity.KnownHosts;
import io.posthorn.identity.PeerKey;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Which keys a socket takes of its peers.
 *
 * @param pinned what a peer must have; null if anything will do
 * @param knownHosts where the keys of peers stand by their names
 * @param newcomers what becomes of peers that the known hosts do not name
 * @param onFirstUse is told of those of them that are taken
 * @param authorized who may connect here
 * @param revocations where revoked keys stand, whether or not peers are looked up there
 */
record PeerTrust(
    @Nullable Set<Fingerprint> pinned,
    @Nullable KnownHosts knownHosts,
    Newcomers newcomers,
    @Nullable BiConsumer<InetSocketAddress, Fingerprint> onFirstUse,
    @Nullable AuthorizedKeys authorized,
    @Nullable KnownHosts revocations) {
  /** Any key will do. */
  static final PeerTrust ANYBODY =
      new PeerTrust(null, null, Newcomers.REMEMBERED, null, null, null);

  /** What becomes of peers that the known hosts do not name. */
  enum Newcomers {
    REMEMBERED,
    TOLD,
    REFUSED
  }

  PeerTrust withPinned(Set<Fingerprint> fingerprints) {
    return new PeerTrust(fingerprints, knownHosts, newcomers, onFirstUse, authorized, revocations);
  }

  PeerTrust withKnownHosts(
      KnownHosts hosts,
      Newcomers unnamed,
      @Nullable BiConsumer<InetSocketAddress, Fingerprint> listener) {
    return new PeerTrust(pinned, hosts, unnamed, listener, authorized, revocations);
  }

  PeerTrust withAuthorized(AuthorizedKeys keys) {
    return new PeerTrust(pinned, knownHosts, newcomers, onFirstUse, keys, revocations);
  }

  PeerTrust withRevocations(KnownHosts revoking) {
    return new PeerTrust(pinned, knownHosts, newcomers, onFirstUse, authorized, revoking);
  }

  /** As {@link Security#check}, of the files that are named here. */
  void check() throws IOException {
    if (knownHosts != null) {
      knownHosts.entries();
    }
    KnownHosts revoking = revocationsApart();
    if (revoking != null) {
      revoking.entries();
    }
    if (authorized != null) {
      authorized.check();
    }
  }

  /** As {@link Security#takesStrangers}. */
  boolean takesStrangers() {
    return pinned == null && authorized == null;
  }

  /** As {@link Security#refusal}. */
  @Nullable String refusal(InetSocketAddress peer, byte[] publicKey, boolean isWanted) {
    KnownHosts revoking = revocationsApart();
    String revoked = revoking == null ? null : revoking.revocation(peer, publicKey);
    if (revoked != null) {
      return revoked;
    }
    if (knownHosts != null) {
      KnownHosts.Verdict verdict = knownHosts.judge(peer, publicKey);
      if (verdict instanceof KnownHosts.Verdict.Refused refused) {
        return refused.why();
      }
      if (newcomers == Newcomers.REFUSED
          && isWanted
          && verdict instanceof KnownHosts.Verdict.Unknown) {
        return KnownHosts.nameOf(peer)
            + " does not stand in "
            + knownHosts.file()
            + "; its key is "
            + Fingerprint.of(publicKey)
            + ": if whoever runs it says the same, trust it";
      }
    }
    boolean isPinned = isPinned(publicKey);
    if (isWanted || authorized == null) {
      return isPinned ? null : notPinned(peer, publicKey);
    }
    return pinned != null && isPinned ? null : authorized.refusal(publicKey);
  }

  /** Where revoked keys stand, if not in the known hosts, which are asked for them anyway. */
  private @Nullable KnownHosts revocationsApart() {
    boolean same =
        revocations != null && knownHosts != null && revocations.file().equals(knownHosts.file());
    return same ? null : revocations;
  }

  private boolean isPinned(byte[] publicKey) {
    if (pinned == null) {
      return true;
    }
    boolean found = false;
    for (Fingerprint fingerprint : pinned) {
      found |= fingerprint.isOf(publicKey);
    }
    return found;
  }

  private String notPinned(InetSocketAddress peer, byte[] publicKey) {
    return "the key of "
        + KnownHosts.nameOf(peer)
        + " is "
        + Fingerprint.of(publicKey)
        + ", not the one that is pinned, "
        + pinned
        + ": make sure whom you talk to before you pin another";
  }

  /** As {@link Security#remember}. */
  @Nullable String remember(InetSocketAddress peer, byte[] publicKey) {
    if (knownHosts == null || newcomers == Newcomers.REFUSED) {
      return null;
    }
    KnownHosts.Verdict verdict = knownHosts.judge(peer, publicKey);
    if (verdict instanceof KnownHosts.Verdict.Refused refused) {
      return refused.why(); // another was met for the first time while this handshake went on
    }
    if (verdict instanceof KnownHosts.Verdict.Known) {
      return null;
    }
    try {
      if (newcomers == Newcomers.REMEMBERED) {
        String refusal = knownHosts.meet(peer, PeerKey.of(publicKey));
        if (refusal != null) {
          return refusal;
        }
      }
    } catch (IOException | RuntimeException failed) {
      return "the key of "
          + KnownHosts.nameOf(peer)
          + " cannot be remembered in "
          + knownHosts.file()
          + " ("
          + failed
          + "): make the file writable, or do without it";
    }
    tell(peer, publicKey);
    return null;
  }

  /** What the application throws is its own affair, as in a handler: the peer is remembered. */
  private void tell(InetSocketAddress peer, byte[] publicKey) {
    if (onFirstUse == null) {
      return;
    }
    try {
      onFirstUse.accept(peer, Fingerprint.of(publicKey));
    } catch (Throwable e) { // checked ones too, of other languages
      Thread thread = Thread.currentThread();
      try {
        thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
      } catch (Throwable ofTheHandler) {
        // Ignored, as the virtual machine does when a thread ends.
      }
    }
  }

  /** What is asked for, each after a comma; empty if any key will do. */
  String words() {
    StringBuilder text = new StringBuilder();
    if (pinned != null) {
      text.append(", pinned ").append(pinned);
    }
    if (knownHosts != null) {
      text.append(newcomers == Newcomers.REMEMBERED ? ", trust on first use " : ", known hosts ")
          .append(knownHosts.file());
    }
    if (authorized != null) {
      text.append(", authorized keys ").append(authorized.file());
    }
    if (revocations != null) {
      text.append(", revoked keys ").append(revocations.file());
    }
    return text.toString();
  }
}
