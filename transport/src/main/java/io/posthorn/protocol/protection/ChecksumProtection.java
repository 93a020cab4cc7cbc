package io.posthorn.protocol.protection;

import io.posthorn.wire.BigEndian;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.PacketNumbers;
import io.posthorn.wire.WireLimits;
import java.util.zip.CRC32C;

/**
 * Packets of {@code Security.none()}: readable on the wire, with a CRC32C over header and frames
 * against damage. Promises nothing against an attacker who can see the connection id. Not
 * thread-safe.
 */
public final class ChecksumProtection implements PacketProtection {
  private static final int CHECKSUM_BYTES = WireLimits.CHECKSUM_BYTES;

  private final CRC32C crc = new CRC32C();
  private final ReplayWindow window = new ReplayWindow();
  private long largestSealed = -1;
  private long openedPacketNumber = -1;
  private int openedFrom;
  private long forgeries;

  /** Without keys: the connection ids alone tell one connection from another. */
  public ChecksumProtection() {}

  @Override
  public int overheadBytes() {
    return CHECKSUM_BYTES;
  }

  @Override
  public int seal(
      long destinationConnectionId,
      long packetNumber,
      int packetNumberLength,
      byte[] frames,
      int framesFrom,
      int framesLength,
      byte[] out,
      int outFrom) {
    NumberLimits.check(packetNumber, largestSealed);
    int framesAt =
        outFrom
            + PacketHeader.writeData(
                out, outFrom, destinationConnectionId, 0, packetNumber, packetNumberLength);
    if (frames != out || framesFrom != framesAt) {
      System.arraycopy(frames, framesFrom, out, framesAt, framesLength);
    }
    int checksumAt = framesAt + framesLength;
    BigEndian.putInt(out, checksumAt, checksum(out, outFrom, checksumAt - outFrom));
    largestSealed = packetNumber;
    return checksumAt + CHECKSUM_BYTES - outFrom;
  }

  @Override
  public int open(
      byte[] packet,
      int from,
      int length,
      long largestOpened,
      long nowNanos,
      byte[] plain,
      int plainFrom) {
    if (length < WireLimits.MINIMUM_CLEAR_PACKET_BYTES) {
      return FAILED;
    }
    int numberLength = PacketHeader.packetNumberLength(packet[from]);
    int framesAt = from + PacketHeader.PACKET_NUMBER_AT + numberLength;
    int checksumAt = from + length - CHECKSUM_BYTES;
    int framesLength = checksumAt - framesAt;
    boolean stays = plain == packet;
    if (framesLength < 0 || (!stays && framesLength > plain.length - plainFrom)) {
      return FAILED;
    }
    long truncated = PacketHeader.truncatedPacketNumber(packet, from, numberLength);
    long packetNumber = PacketNumbers.expand(largestOpened, truncated, numberLength);
    if (window.isStale(packetNumber)) {
      return STALE;
    }
    if (window.isDuplicate(packetNumber)) {
      return DUPLICATE;
    }
    // There are no keys, so there is one phase: another first byte is not of this version.
    if (PacketHeader.keyPhase(packet[from]) != 0
        || checksum(packet, from, length - CHECKSUM_BYTES)
            != BigEndian.getInt(packet, checksumAt)) {
      forgeries++;
      return FAILED;
    }
    window.mark(packetNumber);
    openedPacketNumber = packetNumber;
    openedFrom = stays ? framesAt : plainFrom;
    if (!stays) {
      System.arraycopy(packet, framesAt, plain, plainFrom, framesLength);
    }
    return framesLength;
  }

  private int checksum(byte[] bytes, int from, int length) {
    crc.reset();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }

  /**
   * All four: a copy that comes so late that fewer bytes expand to another number has no seal over
   * the full number to be caught by, and would pass for a packet that was never sent.
   */
  @Override
  public int leastNumberBytes() {
    return WireLimits.MAX_PACKET_NUMBER_BYTES;
  }

  @Override
  public boolean leavesInPlace() {
    return true;
  }

  @Override
  public int openedFrom() {
    return openedFrom;
  }

  @Override
  public long openedPacketNumber() {
    return openedPacketNumber;
  }

  /** Without effect: there is no key to update. */
  @Override
  public boolean onAcknowledged(long largestAcknowledged, long nowNanos) {
    return true;
  }

  /** Without effect: there is no key to keep. */
  @Override
  public void onProbeTimeout(long probeTimeoutNanos) {}

  /** Without effect: there is no key to update. */
  @Override
  public void requestKeyUpdate() {}

  /** Whether the packet numbers are used up. */
  @Override
  public boolean isExhausted() {
    return NumberLimits.isLastNear(largestSealed);
  }

  @Override
  public boolean canSeal(long packetNumber) {
    return packetNumber <= WireLimits.MAX_PACKET_NUMBER;
  }

  @Override
  public long forgeries() {
    return forgeries;
  }

  /** Without effect: nothing here is secret. */
  @Override
  public void destroy() {}
}
