package io.posthorn;

import org.jspecify.annotations.Nullable;

/** The socket is closed: by the application, or by a fault that stands as the cause. */
public final class SocketClosedException extends TransportException {
  private static final long serialVersionUID = 1L;

  SocketClosedException(String what, String remedy, @Nullable Throwable cause) {
    super(null, what, remedy);
    if (cause != null) {
      initCause(cause);
    }
  }
}
