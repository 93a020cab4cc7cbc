package io.posthorn.cli.lab;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** The transports that a lab can run. */
public enum LabTransport {
  /** The kernel's TCP, with {@code TCP_NODELAY} and length-prefixed messages. */
  TCP(IpPacket.TCP),
  /** Bare UDP: one message a datagram, nothing added. */
  UDP(IpPacket.UDP);

  private final int protocol;

  LabTransport(int protocol) {
    this.protocol = protocol;
  }

  /** The number of the IP protocol that carries it. */
  int protocol() {
    return protocol;
  }

  /**
   * Opens both ends.
   *
   * @param listen where the receiving end listens; port 0 takes a free one
   * @param target the address under which the sending end reaches it
   * @param request the run it is for
   * @return the open carrier
   * @throws IOException if it could not be opened within the request's timeout
   */
  LabCarrier open(InetSocketAddress listen, InetAddress target, FlowRequest request)
      throws IOException {
    return switch (this) {
      case TCP -> TcpCarrier.open(listen, target, request);
      case UDP -> UdpCarrier.open(listen, target, request);
    };
  }
}
