package io.posthorn;

/**
 * How peers are authenticated and packets protected in {@link Mode#RELIABLE}.
 *
 * <p>{@link #ephemeral()} encrypts with keys that live in memory: it protects against those who
 * listen, not against those who stand between. {@link #none()} protects against accidents only.
 */
public final class Security {
  private static final Security EPHEMERAL = new Security(true);
  private static final Security NONE = new Security(false);

  private final boolean encrypted;

  private Security(boolean encrypted) {
    this.encrypted = encrypted;
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

  /** Whether packets are encrypted and authenticated. */
  public boolean isEncrypted() {
    return encrypted;
  }

  @Override
  public String toString() {
    return encrypted ? "Security.ephemeral()" : "Security.none()";
  }
}
