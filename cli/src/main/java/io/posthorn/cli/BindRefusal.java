package io.posthorn.cli;

import java.io.IOException;
import java.nio.channels.UnsupportedAddressTypeException;
import java.util.Locale;

/**
 * Why an address cannot be listened at. Exceptions have no type for it, neither the JDK's nor those
 * of the library, but words: these are read here alone. The JDK has them from the system, so that
 * one which speaks another language than English gives no reason but {@link #OTHER}.
 */
enum BindRefusal {
  /** This user may not. */
  DENIED,
  /** The address is another machine's, or nobody's. */
  FOREIGN,
  /** There is no IPv6 here. */
  NO_IPV6,
  /** Any port would do, and there is none left. */
  NO_PORT_LEFT,
  /** Somebody else has the port. */
  IN_USE,
  /** Whatever else the words say. */
  OTHER;

  /**
   * The reason that an exception stands for.
   *
   * @param port that was asked for, 0 for any
   */
  static BindRefusal of(IOException thrown, int port) {
    Throwable cause = thrown.getCause();
    if (cause instanceof UnsupportedOperationException
        || cause instanceof UnsupportedAddressTypeException) {
      return NO_IPV6; // by JDK's channels
    }
    String said = String.valueOf(thrown.getMessage()).toLowerCase(Locale.ROOT);
    if (said.contains("permission denied")) {
      return DENIED;
    }
    if (said.contains("not one of this machine's") || said.contains("assign requested address")) {
      return FOREIGN;
    }
    if (said.contains("has no ipv6")) {
      return NO_IPV6;
    }
    if (said.contains("no port is free")) {
      return NO_PORT_LEFT;
    }
    if (said.contains("in use")) {
      return port == 0 ? NO_PORT_LEFT : IN_USE;
    }
    return OTHER;
  }
}
