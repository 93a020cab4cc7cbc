package io.posthorn.simulation;

import io.posthorn.protocol.protection.ChecksumProtection;
import io.posthorn.protocol.protection.PacketProtection;
import io.posthorn.wire.FrameHandler;
import io.posthorn.wire.FrameReader;
import io.posthorn.wire.PacketHeader;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;

/** What datagrams on a network say that are not encrypted. */
final class ClearPackets {
  private ClearPackets() {}

  /**
   * Whether a datagram is a data packet with a frame of this kind.
   *
   * @param frame name of the handler's method
   */
  static boolean carries(ByteBuffer datagram, String frame) {
    byte[] packet = new byte[datagram.remaining()];
    datagram.get(datagram.position(), packet);
    if (packet.length == 0 || PacketHeader.kind(packet[0]) != PacketHeader.DATA) {
      return false;
    }
    byte[] plain = new byte[packet.length];
    int length = new ChecksumProtection().open(packet, 0, packet.length, -1, 0, plain, 0);
    boolean[] found = new boolean[1];
    FrameHandler handler =
        (FrameHandler)
            Proxy.newProxyInstance(
                FrameHandler.class.getClassLoader(),
                new Class<?>[] {FrameHandler.class},
                (proxy, method, arguments) -> {
                  found[0] |= method.getName().equals(frame);
                  return null;
                });
    return length != PacketProtection.FAILED
        && new FrameReader().read(plain, 0, length, handler) == null
        && found[0];
  }
}
