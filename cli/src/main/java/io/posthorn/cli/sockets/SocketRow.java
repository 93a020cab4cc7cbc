package io.posthorn.cli.sockets;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongUnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One line of the table: a socket, or a connection of one. What is not known is negative, or empty.
 *
 * @param protocol plain, reliable, proxy, udp or tcp
 * @param state listening, open and the like
 * @param local the local endpoint as users write it
 * @param remote the remote endpoint; empty for a socket that has none
 * @param connectionId of a reliable connection, in hexadecimal; else empty
 * @param rttNanos smoothed round trip
 * @param windowBytes congestion window
 * @param inFlightBytes sent and not yet acknowledged
 * @param queuedBytes waiting to be sent
 * @param sent datagrams or packets sent
 * @param received datagrams or packets received
 * @param lost datagrams or packets lost, as far as this side knows
 * @param receiveOverflows times that the system dropped what came to a socket before it was read
 * @param ageNanos since it was opened
 * @param limitedBy why a connection is not faster; else empty
 * @param process the number of the process
 * @param program its name, or for a program of this kind its command
 */
public record SocketRow(
    String protocol,
    String state,
    String local,
    String remote,
    String connectionId,
    long rttNanos,
    long windowBytes,
    long inFlightBytes,
    long queuedBytes,
    long sent,
    long received,
    long lost,
    long receiveOverflows,
    long ageNanos,
    String limitedBy,
    long process,
    String program) {
  private static final long UNKNOWN = -1;

  /** A socket of which little is known. */
  static SocketRow ofSystem(
      String protocol, String state, String local, String remote, long queuedBytes, long lost) {
    return new SocketRow(
        protocol,
        state,
        local,
        remote,
        "",
        UNKNOWN,
        UNKNOWN,
        UNKNOWN,
        queuedBytes,
        UNKNOWN,
        UNKNOWN,
        lost,
        UNKNOWN,
        UNKNOWN,
        "",
        UNKNOWN,
        "");
  }

  /** The same with the process that owns it. */
  SocketRow ownedBy(long owner, String name) {
    return new SocketRow(
        protocol,
        state,
        local,
        remote,
        connectionId,
        rttNanos,
        windowBytes,
        inFlightBytes,
        queuedBytes,
        sent,
        received,
        lost,
        receiveOverflows,
        ageNanos,
        limitedBy,
        owner,
        name);
  }

  /** The line that goes through a control socket: members with tabs between them. */
  String toLine() {
    return members().entrySet().stream()
        .map(member -> member.getKey() + "=" + plain(member.getValue()))
        .collect(Collectors.joining("\t"));
  }

  private static String plain(Object value) {
    return value.toString().replaceAll("[^ -~]", "?");
  }

  /** Every member by its name, in the order of the table. */
  public Map<String, Object> members() {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("protocol", protocol);
    members.put("state", state);
    members.put("local", local);
    members.put("remote", remote);
    members.put("connectionId", connectionId);
    members.put("rttNanos", rttNanos);
    members.put("windowBytes", windowBytes);
    members.put("inFlightBytes", inFlightBytes);
    members.put("queuedBytes", queuedBytes);
    members.put("sent", sent);
    members.put("received", received);
    members.put("lost", lost);
    members.put("receiveOverflows", receiveOverflows);
    members.put("ageNanos", ageNanos);
    members.put("limitedBy", limitedBy);
    members.put("process", process);
    members.put("program", program);
    return members;
  }

  /** Reads a line; null if it is none. A member that is missing is unknown. */
  static @Nullable SocketRow ofLine(String line) {
    Map<String, String> members = new LinkedHashMap<>();
    for (String member : line.split("\t", -1)) {
      int equals = member.indexOf('=');
      if (equals > 0) {
        members.put(member.substring(0, equals), member.substring(equals + 1));
      }
    }
    if (!members.containsKey("protocol") || !members.containsKey("local")) {
      return null;
    }
    return new SocketRow(
        text(members, "protocol"),
        text(members, "state"),
        text(members, "local"),
        text(members, "remote"),
        text(members, "connectionId"),
        number(members, "rttNanos"),
        number(members, "windowBytes"),
        number(members, "inFlightBytes"),
        number(members, "queuedBytes"),
        number(members, "sent"),
        number(members, "received"),
        number(members, "lost"),
        number(members, "receiveOverflows"),
        number(members, "ageNanos"),
        text(members, "limitedBy"),
        number(members, "process"),
        text(members, "program"));
  }

  private static String text(Map<String, String> members, String name) {
    return plain(members.getOrDefault(name, ""));
  }

  private static long number(Map<String, String> members, String name) {
    String text = members.getOrDefault(name, "");
    return text.matches("[0-9]{1,18}") ? Long.parseLong(text) : UNKNOWN;
  }

  /** Whether it waits for others to come. */
  boolean isListening() {
    return state.equals("listening");
  }

  /** The port of the local endpoint; -1 if it has none. */
  int localPort() {
    return port(local);
  }

  /** The port at the end of an endpoint; -1 if there is none. */
  static int port(String endpoint) {
    String text = endpoint.substring(endpoint.lastIndexOf(':') + 1);
    LongUnaryOperator ifPort = number -> number <= 65_535 ? number : UNKNOWN;
    return text.matches("[0-9]{1,5}") ? (int) ifPort.applyAsLong(Long.parseLong(text)) : -1;
  }
}
