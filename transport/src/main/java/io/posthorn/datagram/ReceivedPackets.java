package io.posthorn.datagram;

import java.lang.ref.WeakReference;
import java.net.DatagramPacket;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Puts what was received into packets. A {@link DatagramPacket} has two lengths: the one that
 * {@code getLength} tells, and how much of its buffer a receiver may fill, which only the JDK sees.
 * {@code setLength} from outside sets both, so that a packet that has once taken a short message
 * would be short for ever. So it is remembered how much room there was, as long as the packet looks
 * as it was left.
 */
public final class ReceivedPackets {
  /** By identity, for packets have no equals; guards itself. */
  private static final Map<DatagramPacket, Room> ROOMS = new WeakHashMap<>();

  private static final class Room {
    private final int bytes;
    private final int leftLength;
    private final int leftOffset;
    private final WeakReference<byte[]> leftData;

    Room(DatagramPacket packet, int bytes) {
      this.bytes = bytes;
      leftLength = packet.getLength();
      leftOffset = packet.getOffset();
      leftData = new WeakReference<>(packet.getData());
    }

    boolean isAsLeft(DatagramPacket packet) {
      return packet.getLength() == leftLength
          && packet.getOffset() == leftOffset
          && leftData.refersTo(packet.getData());
    }
  }

  private ReceivedPackets() {}

  /** Fills the packet as far as it has room; the caller holds its monitor. */
  public static void fill(DatagramPacket packet, byte[] bytes, InetSocketAddress from) {
    int room = room(packet);
    int length = Math.min(room, bytes.length);
    System.arraycopy(bytes, 0, packet.getData(), packet.getOffset(), length);
    packet.setLength(length);
    packet.setSocketAddress(from);
    synchronized (ROOMS) {
      if (length == room) {
        ROOMS.remove(packet);
      } else {
        ROOMS.put(packet, new Room(packet, room));
      }
    }
  }

  private static int room(DatagramPacket packet) {
    @Nullable Room known;
    synchronized (ROOMS) {
      known = ROOMS.get(packet);
    }
    return known != null && known.isAsLeft(packet) ? known.bytes : packet.getLength();
  }
}
