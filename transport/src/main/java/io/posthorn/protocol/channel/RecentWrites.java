package io.posthorn.protocol.channel;

import io.posthorn.protocol.PacketBuilder;

/**
 * What the last packets carried of one ordered channel for the first time, or again since it was
 * lost: the next packets may carry it once more (PROTOCOL.md §9.5). Only the newest few are kept.
 */
final class RecentWrites {
  private static final int KEPT = 8;

  private final long[] from = new long[KEPT];
  private final long[] to = new long[KEPT];
  private final long[] packet = new long[KEPT];
  private final long[] lastPacket = new long[KEPT];
  private final boolean[] resent = new boolean[KEPT];
  private int newest;
  private int count;

  /** A packet carries [from, to). */
  void add(long start, long end, boolean isResent, long packetIndex) {
    newest = (newest + 1) % KEPT;
    count = Math.min(count + 1, KEPT);
    from[newest] = start;
    to[newest] = end;
    packet[newest] = packetIndex;
    lastPacket[newest] = packetIndex;
    resent[newest] = isResent;
  }

  /** Whether no packet after this one will carry any of it again. */
  boolean areOver(PacketBuilder out) {
    return count == 0 || !out.wantsAgain(packet[newest], true);
  }

  /**
   * Index of one that this packet is to carry again and does not yet; -1 if there is none.
   *
   * @param back how many packets ago it was carried first, at most
   */
  int next(PacketBuilder out, boolean isResent, int back) {
    for (int age = 0; age < count; age++) {
      int at = Math.floorMod(newest - age, KEPT);
      if (resent[at] == isResent
          && out.packet() - packet[at] <= back
          && lastPacket[at] < out.packet()
          && out.wantsAgain(packet[at], isResent)) {
        return at;
      }
    }
    return -1;
  }

  long from(int index) {
    return from[index];
  }

  long to(int index) {
    return to[index];
  }

  /** The packet carries it, or need not. */
  void onCarried(int index, PacketBuilder out) {
    lastPacket[index] = out.packet();
  }

  /**
   * Where a write that ends at {@code end} would begin if it repeated what this packet is to carry
   * again and what touches it, without taking more than {@code bytes}.
   *
   * @param back how many packets ago that was carried first, at most
   */
  long startTouching(long end, long base, int bytes, PacketBuilder out, int back) {
    long start = end;
    for (int age = 0; age < count; age++) {
      int at = Math.floorMod(newest - age, KEPT);
      if (resent[at]) {
        continue;
      }
      long begin = Math.max(from[at], base);
      if (to[at] != start
          || begin >= start
          || end - begin > bytes
          || lastPacket[at] >= out.packet()
          || out.packet() - packet[at] > back
          || !out.wantsAgain(packet[at], false)) {
        break;
      }
      start = begin;
      lastPacket[at] = out.packet();
    }
    return start;
  }
}
