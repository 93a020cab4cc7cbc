package io.posthorn.identity;

import io.posthorn.AddressText;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The name of a peer in a file, {@code HOST:PORT}, as {@link KnownHosts#nameOf} makes it of an
 * address that is asked for. What people write otherwise is brought to that form, or is no name: a
 * line that never matches would leave a peer unknown of whom the file seems to speak.
 */
final class PeerName {
  private static final int MAX_PORT = 65_535;

  /** What other programs give a meaning there that is none here: patterns, lists, marks, hashes. */
  private static final String NO_HOST = ".*[\\s,*?!|#@/\\[\\]].*";

  private PeerName() {}

  /** The form to which names are compared; null if it is no name. */
  static @Nullable String of(String text) {
    int colon = text.lastIndexOf(':');
    int port = colon < 1 ? -1 : port(text.substring(colon + 1));
    String host = port < 0 ? null : host(text.substring(0, colon).toLowerCase(Locale.ROOT));
    return host == null ? null : host + ":" + port;
  }

  private static int port(String text) {
    int port = text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : 0;
    return port > 0 && port <= MAX_PORT ? port : -1;
  }

  /** With brackets only around what has colons, as ssh does not. */
  private static @Nullable String host(String text) {
    boolean bracketed = text.startsWith("[") && text.endsWith("]") && text.length() > 2;
    String bare = bracketed ? text.substring(1, text.length() - 1) : text;
    if (bare.matches(NO_HOST) || (!bracketed && bare.indexOf(':') >= 0)) {
      return null;
    }
    return bare.indexOf(':') < 0 ? bare : ipv6(bare);
  }

  /** As RFC 5952 has it, with the scope as it is; an IPv4 address in disguise shows its face. */
  private static @Nullable String ipv6(String text) {
    int percent = text.indexOf('%');
    String digits = percent < 0 ? text : text.substring(0, percent);
    String scope = percent < 0 ? "" : text.substring(percent);
    try {
      // In brackets nothing but such an address is taken, and no name is looked up.
      String shared = AddressText.ofHost(InetAddress.getByName("[" + digits + "]"));
      return shared.indexOf(':') < 0 ? shared : "[" + shared + scope + "]";
    } catch (UnknownHostException notOne) {
      return null;
    }
  }
}
