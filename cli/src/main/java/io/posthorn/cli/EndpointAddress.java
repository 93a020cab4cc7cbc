package io.posthorn.cli;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/**
 * A host and a port as people write them: {@code HOST:PORT}, {@code [::1]:PORT}, or for a listener
 * {@code PORT}, {@code :PORT}, {@code *:PORT} too.
 *
 * @param host a name or an address; empty for all addresses of this machine
 * @param port 0 to 65,535
 */
record EndpointAddress(String host, int port) {
  private static final int MAX_PORT = 65_535;

  /** Which addresses of a name are taken. */
  enum Family {
    /** Whatever comes first. */
    ANY,
    /** IPv4 only. */
    IPV4,
    /** IPv6 only. */
    IPV6
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
    int at = 0;
    while (at < words.size()) {
      String word = words.get(at++);
      boolean listener = addresses.size() < listens;
      boolean bare = lacksPort(word) && !(listener && isNumber(word));
      if (bare && at < words.size() && isNumber(words.get(at))) {
        EndpointAddress two = ofTwoWords(word, words.get(at++), listener);
        addresses.add(two);
      } else {
        addresses.add(listener ? ofListener(word) : ofPeer(word));
      }
    }
    if (addresses.size() != count) {
      throw new Failure(
          ExitCode.USAGE,
          addresses.size() + " addresses where " + count + " belong",
          "write each as HOST:PORT, HOST PORT or [::1]:PORT");
    }
    return addresses;
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

  /** Whether a word can be a port that follows its host. */
  static boolean isNumber(String text) {
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

  /** Looks the host up. */
  InetSocketAddress resolve(Family family) throws Failure {
    if (host.isEmpty()) {
      return family == Family.IPV4
          ? new InetSocketAddress(anyIpv4(), port)
          : new InetSocketAddress(port);
    }
    InetAddress[] all;
    try {
      all = InetAddress.getAllByName(host);
    } catch (UnknownHostException unknown) {
      throw new Failure(
          ExitCode.UNKNOWN_HOST,
          "unknown host \"" + TextSafety.visible(host) + "\"",
          "check the spelling, or give an address such as 192.0.2.1",
          unknown);
    }
    for (InetAddress one : all) {
      if (family == Family.ANY
          || (family == Family.IPV4 && one instanceof Inet4Address)
          || (family == Family.IPV6 && one instanceof Inet6Address)) {
        return new InetSocketAddress(one, port);
      }
    }
    String wanted = family == Family.IPV4 ? "IPv4" : "IPv6";
    throw new Failure(
        ExitCode.UNKNOWN_HOST,
        "host \"" + TextSafety.visible(host) + "\" has no " + wanted + " address",
        "leave out " + (family == Family.IPV4 ? "-4" : "-6"));
  }

  private static InetAddress anyIpv4() {
    try {
      return InetAddress.getByAddress(new byte[4]);
    } catch (UnknownHostException impossible) {
      throw new IllegalStateException("four bytes are an IPv4 address", impossible);
    }
  }
}
