package io.posthorn.codec;

import org.jspecify.annotations.Nullable;

/**
 * Carries a {@link CodecException} through Kryo, whose methods declare no checked exceptions, to
 * the border where it is thrown. It has no stack trace of its own.
 */
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Causes looked through: a serializer may wrap what it catches, but not without end. */
  private static final int CAUSES_LIMIT = 32;

  private final CodecException reason;

  Refusal(CodecException reason) {
    super(reason.getMessage(), reason, false, false);
    this.reason = reason;
  }

  CodecException reason() {
    return reason;
  }

  /** The refusal that a failure is or wraps, or null. */
  static @Nullable Refusal within(Throwable failure) {
    Throwable at = failure;
    for (int i = 0; i < CAUSES_LIMIT && at != null; i++) {
      if (at instanceof Refusal refusal) {
        return refusal;
      }
      at = at.getCause();
    }
    return null;
  }
}
