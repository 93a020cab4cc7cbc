package io.posthorn.cli;

import io.posthorn.cli.sockets.LocalText;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ProtocolFamily;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A host and a port as people write them: {@code HOST:PORT}, {@code [::1]:PORT}, or for a listener
 * {@code PORT}, {@code :PORT}, {@code *:PORT} too.
 *
 * @param host a name or an address; empty for all addresses of this machine
 * @param port 0 to 65,535
 */
record EndpointAddress(String host, int port) {
  private static final int MAX_PORT = 65_535;

  private static final String ALL_IPV4 = "0.0.0.0";
  private static final String ALL_IPV6 = "::";

  /** Which addresses of a name are taken, and which peers a listener hears. */
  enum Family {
    /** Whatever comes first; a listener hears both. */
    ANY("", null),
    /** IPv4 only. */
    IPV4("4", StandardProtocolFamily.INET),
    /** IPv6 only. */
    IPV6("6", StandardProtocolFamily.INET6);

    private final String digit;
    private final @Nullable StandardProtocolFamily protocol;

    Family(String digit, @Nullable StandardProtocolFamily protocol) {
      this.digit = digit;
      this.protocol = protocol;
    }

    /** That alone, for a socket; null for both. */
    @Nullable ProtocolFamily protocol() {
      return protocol;
    }

    boolean has(InetAddress address) {
      return switch (this) {
        case ANY -> true;
        case IPV4 -> address instanceof Inet4Address;
        case IPV6 -> address instanceof Inet6Address;
      };
    }
  }

  /**
   * Where a socket is to listen.
   *
   * @param at address and port
   * @param family of IPv4 or IPv6 for that alone; null for both where there are both
   */
  record Local(InetSocketAddress at, @Nullable ProtocolFamily family) {
    /** The address that a socket got which listens so. */
    String text(InetSocketAddress got) {
      return LocalText.of(got, family);
    }

    /** Whether what is sent from here to this address comes to a socket that listens so. */
    boolean hears(InetSocketAddress target) throws SocketException {
      if (at.getPort() != target.getPort() || !at.getAddress().isAnyLocalAddress()) {
        return at.equals(target);
      }
      InetAddress to = target.getAddress();
      Family sent = to instanceof Inet4Address ? Family.IPV4 : Family.IPV6;
      return (family == null || family == sent.protocol)
          && (to.isLoopbackAddress()
              || to.isAnyLocalAddress()
              || NetworkInterface.getByInetAddress(to) != null);
    }
  }

  /** Reads the address of somebody to talk to: the host is needed, and port 0 is not one. */
  static EndpointAddress ofPeer(String text) throws Failure {
    EndpointAddress address = parse(text);
    if (address.host.isEmpty()) {
      throw wrong(text, "it has no host", "localhost:9000");
    }
    if (address.port == 0) {
      throw wrong(text, "nobody can listen at port 0", address.host + ":9000");
    }
    return address;
  }

  /** Reads where to listen: port 0 takes one that is free. */
  static EndpointAddress ofListener(String text) throws Failure {
    EndpointAddress address = isNumber(text) ? new EndpointAddress("", port(text)) : parse(text);
    return address.host.equals("*") ? new EndpointAddress("", address.port) : address;
  }

  /** A host and a port that stand in two words, {@code HOST PORT}. */
  static EndpointAddress ofTwoWords(String host, String port) throws Failure {
    return ofTwoWords(host, port, false);
  }

  private static EndpointAddress ofTwoWords(String host, String port, boolean listener)
      throws Failure {
    String bare =
        host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    String word = bare.indexOf(':') >= 0 ? "[" + bare + "]:" + port : bare + ":" + port;
    return listener ? ofListener(word) : ofPeer(word);
  }

  /**
   * Reads several addresses, each in one word or in two ({@code HOST PORT}).
   *
   * @param listens how many of them, from the first on, say where to listen
   * @throws Failure if a word is wrong, or there are more or fewer addresses than {@code count}
   */
  static List<EndpointAddress> ofWords(List<String> words, int count, int listens) throws Failure {
    List<EndpointAddress> addresses = new ArrayList<>();
    String before = "";
    int at = 0;
    while (at < words.size()) {
      String word = words.get(at++);
      if (addresses.size() == count) {
        throw new Failure(
            ExitCode.USAGE,
            TextSafety.visible("\"" + word + "\" behind \"" + before + "\" is too much"),
            "write an address as HOST:PORT, HOST PORT or [::1]:PORT, and options with a dash");
      }
      boolean listener = addresses.size() < listens;
      boolean whole = listener && isNumber(word);
      if (!whole && isPortNext(word, words.subList(at, words.size()))) {
        String port = words.get(at++);
        addresses.add(ofTwoWords(word, port, listener));
        before = word + " " + port;
      } else {
        addresses.add(listener ? ofListener(word) : ofPeer(word));
        before = word;
      }
    }
    if (addresses.size() < count) {
      boolean listener = addresses.size() < listens;
      throw new Failure(
          ExitCode.USAGE,
          (listener ? "where to listen" : "whom to talk to") + " is missing",
          "write it like " + (listener ? "9000" : "localhost:9000"));
    }
    return addresses;
  }

  /** Whether a word is a host whose port is the first of the words behind it. */
  static boolean isPortNext(String word, List<String> behind) {
    return lacksPort(word) && !behind.isEmpty() && isNumber(behind.get(0));
  }

  /** Whether a word is a host that needs its port in the next word. */
  static boolean lacksPort(String word) {
    if (word.startsWith("[")) {
      return word.endsWith("]");
    }
    int first = word.indexOf(':');
    // Two colons and no brackets: an IPv6 address.
    return first < 0 || word.indexOf(':', first + 1) >= 0;
  }

  private static EndpointAddress parse(String text) throws Failure {
    int colon = text.lastIndexOf(':');
    if (text.startsWith("[")) {
      int close = text.indexOf(']');
      if (close < 0 || colon != close + 1) {
        throw wrong(text, "an IPv6 address ends with ] and the port follows", "[::1]:9000");
      }
      return new EndpointAddress(text.substring(1, close), port(text.substring(colon + 1)));
    }
    if (colon < 0) {
      throw wrong(text, "it has no port", text.isEmpty() ? "localhost:9000" : text + ":9000");
    }
    if (text.indexOf(':') != colon) {
      throw wrong(text, "an IPv6 address stands in brackets", "[::1]:9000");
    }
    return new EndpointAddress(text.substring(0, colon), port(text.substring(colon + 1)));
  }

  private static boolean isNumber(String text) {
    return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  private static int port(String text) throws Failure {
    // Six digits cannot overflow an int.
    int port = isNumber(text) && text.length() <= 6 ? Integer.parseInt(text) : -1;
    if (port < 0 || port > MAX_PORT) {
      throw new Failure(
          ExitCode.USAGE,
          "bad port \"" + TextSafety.visible(text) + "\"",
          "a port is a number from 0 to " + MAX_PORT);
    }
    return port;
  }

  private static Failure wrong(String text, String why, String example) {
    return new Failure(
        ExitCode.USAGE,
        "bad address \"" + TextSafety.visible(text) + "\": " + why,
        "write it like " + TextSafety.visible(example));
  }

  /** Looks the host of a listener up; 0.0.0.0 means IPv4 alone, no host and :: both. */
  Local resolveLocal(Family family) throws Failure {
    InetSocketAddress at = host.isEmpty() ? anyLocal(family) : resolve(family);
    Family heard = family == Family.ANY && host.equals(ALL_IPV4) ? Family.IPV4 : family;
    return new Local(at, heard.protocol);
  }

  private InetSocketAddress anyLocal(Family family) {
    return switch (family) {
      case ANY -> new InetSocketAddress(port);
      case IPV4 -> new InetSocketAddress(ALL_IPV4, port);
      case IPV6 -> new InetSocketAddress(ALL_IPV6, port);
    };
  }

  /** Looks the host up. */
  InetSocketAddress resolve(Family family) throws Failure {
    InetAddress[] all;
    try {
      all = InetAddress.getAllByName(host);
    } catch (UnknownHostException unknown) {
      int zone = host.indexOf('%');
      if (zone >= 0 && isAddress(host)) {
        throw new Failure(
            ExitCode.USAGE,
            "\""
                + TextSafety.visible(host.substring(zone + 1))
                + "\" is no interface of this machine with a link of IPv6",
            "name behind the percent sign one that has an address beginning with fe80",
            unknown);
      }
      throw new Failure(
          ExitCode.UNKNOWN_HOST,
          "unknown host \"" + TextSafety.visible(host) + "\"",
          "check the spelling, or give an address such as 192.0.2.1",
          unknown);
    }
    for (InetAddress one : all) {
      if (family.has(one)) {
        if (one instanceof Inet6Address six && six.isLinkLocalAddress() && six.getScopeId() == 0) {
          throw wrong(
              host, "it is of one link, and says not of which", "[" + host + '%' + "eth0]:" + port);
        }
        return new InetSocketAddress(one, port);
      }
    }
    String option = "-" + family.digit;
    String shown = TextSafety.visible(host);
    if (isAddress(host)) {
      throw new Failure(
          ExitCode.USAGE,
          option + " with " + shown + ", which is no IPv" + family.digit + " address",
          "leave out " + option + ", or give an address of IPv" + family.digit);
    }
    throw new Failure(
        ExitCode.UNKNOWN_HOST,
        "host \"" + shown + "\" has no IPv" + family.digit + " address",
        "leave out " + option);
  }

  /** Whether it is an address already and no name: a name's last part is no number. */
  private static boolean isAddress(String host) {
    return host.indexOf(':') >= 0 || isNumber(host.substring(host.lastIndexOf('.') + 1));
  }
}
