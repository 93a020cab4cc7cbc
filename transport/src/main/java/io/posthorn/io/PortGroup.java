package io.posthorn.io;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Several ports at one address, each for a thread of its own: {@link PortSteering} has the kernel
 * give each datagram to the one whose endpoint knows what to do with it. Their sockets are closed
 * together, when the last port has been: the kernel counts those that are left, and would steer by
 * another number before.
 */
final class PortGroup {
  private final List<LinuxDatagramPort> ports = new ArrayList<>();
  private final AtomicInteger open = new AtomicInteger();

  private PortGroup() {}

  /**
   * Opens ports at one address; one by itself, which says why, if the system does not let there be
   * more.
   *
   * @param family of IPv4 or IPv6 for that alone; null for both
   * @param byConnectionId whether packets may name connections; else all are steered by address
   * @throws java.net.BindException naming address, port and what to do
   * @throws LinuxDatagramPort.RefusedException if there cannot even be one
   */
  static List<LinuxDatagramPort> open(
      LinuxCalls calls,
      InetSocketAddress bind,
      @Nullable ProtocolFamily family,
      boolean forPackets,
      int count,
      boolean byConnectionId)
      throws IOException {
    LinuxDatagramPort first = LinuxDatagramPort.open(calls, bind, family, forPackets);
    PortGroup group = new PortGroup();
    try {
      group.fill(calls, first, bind, family, forPackets, count, byConnectionId);
      return group.ports;
    } catch (IOException refused) {
      group.dissolve();
      first.unshare("; one I/O thread and not " + count + ": " + refused.getMessage());
      return List.of(first);
    } catch (RuntimeException | Error e) {
      group.dissolve();
      first.unshare("");
      first.close();
      throw e;
    }
  }

  private void fill(
      LinuxCalls calls,
      LinuxDatagramPort first,
      InetSocketAddress bind,
      @Nullable ProtocolFamily family,
      boolean forPackets,
      int count,
      boolean byConnectionId)
      throws IOException {
    ports.add(first);
    first.share(this);
    InetSocketAddress same =
        new InetSocketAddress(bind.getAddress(), first.localAddress().getPort());
    while (ports.size() < count) {
      ports.add(LinuxDatagramPort.open(calls, same, family, forPackets, this));
    }
    open.set(count);
    String words = "; " + count + " sockets and I/O threads at one port";
    first.steer(PortSteering.program(count, byConnectionId), words);
    for (LinuxDatagramPort port : ports) {
      port.remark(words);
      port.discardReceived(); // what came before they were all there may have gone astray
    }
  }

  /** Closes all but the first. */
  private void dissolve() {
    open.set(Integer.MAX_VALUE);
    for (LinuxDatagramPort port : ports.subList(Math.min(1, ports.size()), ports.size())) {
      port.close();
      port.closeSocket();
    }
  }

  /** One of the ports is closed: it will neither send nor receive any more. */
  void leave() {
    if (open.decrementAndGet() == 0) {
      for (LinuxDatagramPort port : ports) {
        port.closeSocket();
      }
    }
  }
}
