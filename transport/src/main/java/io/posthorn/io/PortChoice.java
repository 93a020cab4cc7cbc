package io.posthorn.io;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which port a socket gets: the fast one of Linux where everything that it needs is there, else the
 * portable one, and in {@link DatagramPort#description} why.
 */
public final class PortChoice {
  /** Found out when the first socket is opened. */
  private static final FastPath FAST = new FastPath(LinuxCalls::new);

  private PortChoice() {}

  /**
   * Opens a port.
   *
   * @param bind address and port; port 0 for any free one
   * @param family of IPv4 or IPv6 for that alone; null for both where address and machine allow it
   * @param portable whether to take the portable port in any case
   * @param forPackets whether packets of the protocol go here: where the port can see to it, what
   *     is too long for the path is lost then rather than cut up, and very many first messages do
   *     not take the place of others
   * @throws java.net.BindException naming address, port and what to do
   */
  public static DatagramPort open(
      InetSocketAddress bind, @Nullable ProtocolFamily family, boolean portable, boolean forPackets)
      throws IOException {
    if (portable) {
      return NioDatagramPort.open(bind, family, FastPath.NOT_ASKED_FOR.whyNot());
    }
    FastPath.Answer fast = FAST.ask();
    LinuxCalls calls = fast.calls();
    return calls == null
        ? NioDatagramPort.open(bind, family, fast.whyNot())
        : open(calls, bind, family, forPackets);
  }

  /**
   * Opens as many ports at one address as are asked for, where the system has the datagrams of one
   * peer go to one of them ({@link io.posthorn.endpoint.SocketChoice}); else one, whose description
   * says why.
   *
   * @param family as for one
   * @param count 1 to {@link io.posthorn.endpoint.SocketChoice#MAX_COUNT}
   * @param byConnectionId whether packets may name connections
   * @throws java.net.BindException naming address, port and what to do
   */
  public static List<? extends DatagramPort> openGroup(
      InetSocketAddress bind,
      @Nullable ProtocolFamily family,
      boolean portable,
      boolean forPackets,
      int count,
      boolean byConnectionId)
      throws IOException {
    if (count == 1) {
      return List.of(open(bind, family, portable, forPackets));
    }
    FastPath.Answer fast = portable ? FastPath.NOT_ASKED_FOR : FAST.ask();
    LinuxCalls calls = fast.calls();
    String onlyOne = "; one I/O thread and not " + count + ", which need the fast path";
    return calls == null
        ? List.of(NioDatagramPort.open(bind, family, fast.whyNot() + onlyOne))
        : openGroup(calls, bind, family, forPackets, count, byConnectionId);
  }

  /** Ports of the fast path, or the portable one if the system refuses what that needs. */
  static List<? extends DatagramPort> openGroup(
      LinuxCalls calls,
      InetSocketAddress bind,
      @Nullable ProtocolFamily family,
      boolean forPackets,
      int count,
      boolean byConnectionId)
      throws IOException {
    try {
      return PortGroup.open(calls, bind, family, forPackets, count, byConnectionId);
    } catch (LinuxDatagramPort.RefusedException e) {
      return List.of(
          NioDatagramPort.open(
              bind, family, "the system refuses the fast path: " + e.getMessage()));
    }
  }

  /**
   * Takes a UDP socket that this process inherited, open and bound. The portable port can take
   * standard input alone, descriptor 0.
   *
   * @throws IOException if it is no UDP socket, or one that only the fast path could take
   */
  public static DatagramPort adopt(int descriptor, boolean portable, boolean forPackets)
      throws IOException {
    FastPath.Answer fast = portable ? FastPath.NOT_ASKED_FOR : FAST.ask();
    LinuxCalls calls = fast.calls();
    String why = fast.whyNot();
    if (calls != null) {
      try {
        return LinuxDatagramPort.adopt(calls, descriptor, forPackets);
      } catch (LinuxDatagramPort.RefusedException refused) {
        why = String.valueOf(refused.getMessage());
      }
    }
    if (descriptor == 0 && System.inheritedChannel() instanceof DatagramChannel channel) {
      return NioDatagramPort.adopt(channel, why);
    }
    throw new IOException(
        "cannot take the inherited socket, descriptor " + descriptor + ": " + why);
  }

  /** The fast port, or the portable one if the system refuses what that needs. */
  static DatagramPort open(
      LinuxCalls calls, InetSocketAddress bind, @Nullable ProtocolFamily family, boolean forPackets)
      throws IOException {
    try {
      return LinuxDatagramPort.open(calls, bind, family, forPackets);
    } catch (LinuxDatagramPort.RefusedException e) {
      return NioDatagramPort.open(
          bind, family, "the system refuses the fast path: " + e.getMessage());
    }
  }
}
