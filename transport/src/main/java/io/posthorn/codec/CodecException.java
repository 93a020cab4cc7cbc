package io.posthorn.codec;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A body or a value was refused. The connection is not harmed: only this one message is. Each cause
 * that a caller may want to tell apart is a subclass. Messages name the limit and the remedy, and
 * hold no text that a peer chose.
 */
public class CodecException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * A refusal.
   *
   * @param message what was refused and why
   */
  public CodecException(String message) {
    super(message);
  }

  /**
   * A refusal with the failure behind it.
   *
   * @param message what was refused and why
   * @param cause the failure behind it, or null
   */
  public CodecException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** What was refused and why; never null. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }

  /** A body names a type that is not registered here, or tries to name a class. */
  public static final class UnknownType extends CodecException {
    private static final long serialVersionUID = 1L;

    /**
     * A refusal.
     *
     * @param message what was refused and why
     */
    public UnknownType(String message) {
      super(message);
    }
  }

  /** A body or a value nests deeper than the codec's limit. */
  public static final class TooDeep extends CodecException {
    private static final long serialVersionUID = 1L;

    /**
     * A refusal.
     *
     * @param message what was refused and why
     */
    public TooDeep(String message) {
      super(message);
    }

    /**
     * A refusal with the failure behind it.
     *
     * @param message what was refused and why
     * @param cause the failure behind it, or null
     */
    public TooDeep(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /** A body or a value is larger than a limit, or declares more than the body can hold. */
  public static final class TooLarge extends CodecException {
    private static final long serialVersionUID = 1L;

    /**
     * A refusal.
     *
     * @param message what was refused and why
     */
    public TooLarge(String message) {
      super(message);
    }

    /**
     * A refusal with the failure behind it.
     *
     * @param message what was refused and why
     * @param cause the failure behind it, or null
     */
    public TooLarge(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /** A body ends before the value does. */
  public static final class Truncated extends CodecException {
    private static final long serialVersionUID = 1L;

    /**
     * A refusal.
     *
     * @param message what was refused and why
     */
    public Truncated(String message) {
      super(message);
    }
  }

  /** A body goes on after the value has ended. */
  public static final class TrailingBytes extends CodecException {
    private static final long serialVersionUID = 1L;

    /**
     * A refusal.
     *
     * @param message what was refused and why
     */
    public TrailingBytes(String message) {
      super(message);
    }
  }

  /** A body whose contents are not what the codec writes, for any other reason. */
  public static final class Malformed extends CodecException {
    private static final long serialVersionUID = 1L;

    /**
     * A refusal.
     *
     * @param message what was refused and why
     */
    public Malformed(String message) {
      super(message);
    }

    /**
     * A refusal with the failure behind it.
     *
     * @param message what was refused and why
     * @param cause the failure behind it, or null
     */
    public Malformed(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /** A value to send holds an object whose class is not registered. */
  public static final class NotRegistered extends CodecException {
    private static final long serialVersionUID = 1L;

    /**
     * A refusal.
     *
     * @param message what was refused and why
     */
    public NotRegistered(String message) {
      super(message);
    }
  }

  /** A value cannot be sent, for any other reason. */
  public static final class NotEncodable extends CodecException {
    private static final long serialVersionUID = 1L;

    /**
     * A refusal.
     *
     * @param message what was refused and why
     */
    public NotEncodable(String message) {
      super(message);
    }

    /**
     * A refusal with the failure behind it.
     *
     * @param message what was refused and why
     * @param cause the failure behind it, or null
     */
    public NotEncodable(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * The two sides have registered different classes. The message names the first that differs, in
   * words of the other side too, from which control characters were taken.
   */
  public static final class Different extends CodecException {
    private static final long serialVersionUID = 1L;

    /**
     * A refusal.
     *
     * @param message which class differs, and how
     */
    public Different(String message) {
      super(message);
    }
  }
}
