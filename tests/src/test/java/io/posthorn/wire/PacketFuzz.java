package io.posthorn.wire;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Any datagram is read as PROTOCOL.md says, and what is said of it lies within it. */
public final class PacketFuzz {
  private PacketFuzz() {}

  /** Takes a datagram. */
  public static void fuzzerTestOneInput(byte[] datagram) {
    PacketReading.read(datagram);
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    byte[] body = new byte[48];
    Arrays.fill(body, (byte) 7);
    byte[] out = new byte[1400];
    List<byte[]> seeds = new ArrayList<>();
    seeds.add(cut(out, FirstMessagePacket.write(out, 0, 1, 5, body, 0, body, 32)));
    seeds.add(cut(out, FirstMessagePacket.write(out, 0, 2, 5, body, 18, body, 48)));
    seeds.add(cut(out, SecondMessagePacket.write(out, 0, 5, 6, body, 48)));
    int third = ThirdMessagePacket.write(out, 0, 6, body, 48);
    seeds.add(cut(out, third));
    out[third] = PacketHeader.DATA;
    BigEndian.putLong(out, third + 1, 6);
    seeds.add(cut(out, third + 30));
    seeds.add(cut(out, ControlPacket.writeRetry(out, 0, 5, body, 18)));
    seeds.add(cut(out, ControlPacket.writeVersions(out, 0, 5)));
    seeds.add(cut(out, ControlPacket.writeRefused(out, 0, 5, CloseReason.SECURITY)));
    byte[] trigger = new byte[50];
    trigger[0] = 9;
    seeds.add(cut(out, ControlPacket.writeUnknownConnection(out, 0, trigger, 0, 50)));
    seeds.add(trigger);
    return seeds;
  }

  private static byte[] cut(byte[] out, int length) {
    byte[] cut = Arrays.copyOf(out, length);
    Arrays.fill(out, (byte) 0);
    return cut;
  }
}
