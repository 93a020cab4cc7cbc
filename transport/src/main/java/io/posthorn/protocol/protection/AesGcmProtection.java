package io.posthorn.protocol.protection;

import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.PacketNumbers;
import io.posthorn.wire.WireLimits;

/**
 * Data packets sealed with AES-256-GCM: the header as it is before its protection is the associated
 * data, the nonce is the phase's IV XOR the packet number (RFC 9001 §5.3), the header is masked
 * last (§5.4). Each direction has its own keys, so that a packet which comes back to its sender
 * does not open. Not thread-safe.
 *
 * <p>Nothing is allocated here per packet; the JDK's cipher allocates about a kilobyte.
 */
public final class AesGcmProtection implements PacketProtection {
  private static final int LEAST_NUMBER_BYTES = 2;
  private static final int TAG_BYTES = PhaseKey.TAG_BYTES;

  private final KeyLimits limits;
  private final KeyPhases phases;
  private final CipherUse sent;
  private final CipherUse received;
  private final HeaderProtection sendHeaderProtection;
  private final HeaderProtection receiveHeaderProtection;
  private final ReplayWindow window = new ReplayWindow();
  private final byte[] header; // of the endpoint: of the packet at hand
  private long openedPacketNumber = -1;
  private int openedFrom;
  private long forgeries;
  private boolean destroyed;

  /**
   * Derives all keys.
   *
   * @param sendSecret 32 bytes, copied: the secret of phase 0 for what is sent
   * @param receiveSecret 32 bytes, copied: the same for what is received
   */
  public AesGcmProtection(byte[] sendSecret, byte[] receiveSecret, KeyLimits limits) {
    this(sendSecret, receiveSecret, limits, new AesCiphers());
  }

  /**
   * Derives all keys.
   *
   * @param ciphers of the endpoint
   */
  public AesGcmProtection(
      byte[] sendSecret, byte[] receiveSecret, KeyLimits limits, AesCiphers ciphers) {
    if (sendSecret.length != PhaseKey.SECRET_BYTES
        || receiveSecret.length != PhaseKey.SECRET_BYTES) {
      throw new IllegalArgumentException("a secret has 32 bytes");
    }
    this.limits = limits;
    this.header = ciphers.header();
    Hkdf hkdf = new Hkdf();
    sent = ciphers.forSent();
    received = ciphers.forReceived();
    sendHeaderProtection = new HeaderProtection(sendSecret, hkdf, sent);
    receiveHeaderProtection = new HeaderProtection(receiveSecret, hkdf, received);
    phases = new KeyPhases(sendSecret.clone(), receiveSecret.clone(), limits, hkdf, sent, received);
  }

  @Override
  public int overheadBytes() {
    return TAG_BYTES;
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
    if (destroyed) {
      throw new IllegalStateException("the keys are erased");
    }
    if (framesLength < WireLimits.MAX_PACKET_NUMBER_BYTES - packetNumberLength) {
      throw new IllegalArgumentException(
          framesLength + " bytes of frames leave no sample for header protection");
    }
    PhaseKey key = phases.forSealing(packetNumber);
    int headerLength =
        PacketHeader.writeData(
            out,
            outFrom,
            destinationConnectionId,
            phases.sendingBit(),
            packetNumber,
            packetNumberLength);
    int sealedLength =
        key.seal(packetNumber, frames, framesFrom, framesLength, out, outFrom, headerLength);
    sendHeaderProtection.protect(out, outFrom);
    sent.note();
    return headerLength + sealedLength;
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
    if (length < WireLimits.MINIMUM_SEALED_PACKET_BYTES || destroyed || areForgeriesExhausted()) {
      return FAILED;
    }
    int headerLength = receiveHeaderProtection.unprotect(packet, from, header);
    int sealedLength = length - headerLength;
    if (sealedLength - TAG_BYTES > plain.length - plainFrom) {
      return FAILED;
    }
    int numberLength = headerLength - PacketHeader.PACKET_NUMBER_AT;
    long truncated = PacketHeader.truncatedPacketNumber(header, 0, numberLength);
    long packetNumber = PacketNumbers.expand(largestOpened, truncated, numberLength);
    if (window.isStale(packetNumber)) {
      return STALE;
    }
    if (window.isDuplicate(packetNumber)) {
      return DUPLICATE;
    }
    KeyPhases.Choice choice =
        phases.choose(PacketHeader.keyPhase(header[0]), packetNumber, nowNanos);
    if (choice == KeyPhases.Choice.ERASED) {
      return STALE;
    }
    if (choice == KeyPhases.Choice.IMPOSSIBLE) {
      forgeries++;
      return FAILED;
    }
    int framesLength =
        phases
            .key(choice)
            .open(
                packetNumber,
                header,
                headerLength,
                packet,
                from + headerLength,
                sealedLength,
                plain,
                plainFrom);
    if (framesLength == PhaseKey.FAILED) {
      forgeries++;
      return FAILED;
    }
    if (!phases.onOpened(choice, packetNumber, nowNanos)) {
      return BREACH;
    }
    window.mark(packetNumber);
    received.note();
    openedPacketNumber = packetNumber;
    openedFrom = plainFrom;
    return framesLength;
  }

  /**
   * Two: one tells a packet only within 128 of the largest opened, and a path that reorders holds
   * some back for longer.
   */
  @Override
  public int leastNumberBytes() {
    return LEAST_NUMBER_BYTES;
  }

  @Override
  public boolean leavesInPlace() {
    return false;
  }

  @Override
  public int openedFrom() {
    return openedFrom;
  }

  @Override
  public long openedPacketNumber() {
    return openedPacketNumber;
  }

  @Override
  public boolean onAcknowledged(long largestAcknowledged, long nowNanos) {
    return phases.onAcknowledged(largestAcknowledged, nowNanos);
  }

  @Override
  public void onProbeTimeout(long probeTimeoutNanos) {
    phases.onProbeTimeout(probeTimeoutNanos);
  }

  @Override
  public void onTime(long nowNanos) {
    if (!destroyed) {
      phases.onTime(nowNanos);
    }
  }

  @Override
  public long deadlineNanos() {
    return phases.deadlineNanos();
  }

  @Override
  public void requestKeyUpdate() {
    phases.requestUpdate();
  }

  @Override
  public boolean isKeyUpdateDue() {
    return phases.isUpdateDue();
  }

  @Override
  public boolean isExhausted() {
    return areForgeriesExhausted() || phases.isExhausted();
  }

  @Override
  public boolean canSeal(long packetNumber) {
    return !destroyed && phases.canSeal(packetNumber);
  }

  @Override
  public long forgeries() {
    return forgeries;
  }

  @Override
  public void destroy() {
    destroyed = true;
    phases.destroy();
    sendHeaderProtection.destroy();
    receiveHeaderProtection.destroy();
    sent.giveUp();
    received.giveUp();
  }

  @Override
  public long sendingPhase() {
    return phases.sendingPhase();
  }

  @Override
  public long receivingPhase() {
    return phases.receivingPhase();
  }

  @Override
  public void revealSecrets(SecretReader reader) {
    phases.revealSecrets(reader);
  }

  /** The state of the key update, for tests. */
  KeyPhases phases() {
    return phases;
  }

  private boolean areForgeriesExhausted() {
    return forgeries >= limits.forgeryPackets();
  }
}
