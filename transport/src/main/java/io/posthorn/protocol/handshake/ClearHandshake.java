package io.posthorn.protocol.handshake;

import io.posthorn.protocol.protection.AesCiphers;
import io.posthorn.protocol.protection.ChecksumProtection;
import io.posthorn.protocol.protection.KeyLimits;
import io.posthorn.protocol.protection.PacketProtection;
import io.posthorn.wire.BigEndian;
import io.posthorn.wire.WireLimits;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32C;

/**
 * The handshake of {@code Security.none()}, suite 0: no secrecy and no identity, three messages of
 * the same shape, so that everything around them is one protocol. Not thread-safe.
 *
 * <pre>
 *   -&gt; 32 random bytes, checksum                 body 1
 *   &lt;- 32 random bytes, parameters, checksum     body 2
 *   -&gt; parameters, checksum                      body 3
 * </pre>
 *
 * <p>A checksum is the CRC32C of the checksum before it (the first time, of the prologue) and of
 * all else in its body. So each covers the whole transcript, and an end that heard the peer's
 * random bytes has proved that it receives at its address.
 */
public final class ClearHandshake implements Handshake {
  /** Length of the body of M1. */
  public static final int FIRST_BYTES = 32 + WireLimits.CHECKSUM_BYTES;

  private static final int RANDOM_BYTES = 32;
  private static final byte[] NO_KEY = {};

  /** The next thing to do. */
  private enum Step {
    WRITE_FIRST,
    READ_SECOND,
    WRITE_THIRD,
    READ_FIRST,
    WRITE_SECOND,
    READ_THIRD,
    SPLIT,
    DONE
  }

  private final CRC32C crc = new CRC32C();
  private final byte[] chained = new byte[WireLimits.CHECKSUM_BYTES];
  private final byte[] localRandom = new byte[RANDOM_BYTES];
  private final byte[] remoteRandom = new byte[RANDOM_BYTES];
  private Step step;

  private ClearHandshake(Step first, long initiatorConnectionId, RandomGenerator random) {
    step = first;
    random.nextBytes(localRandom);
    byte[] prologue = Prologue.of(WireLimits.SUITE_CLEAR, initiatorConnectionId);
    crc.update(prologue, 0, prologue.length);
    BigEndian.putInt(chained, 0, (int) crc.getValue());
  }

  /**
   * An attempt to open a connection.
   *
   * @param initiatorConnectionId the connection id that M1 will carry
   * @param random gives the 32 random bytes
   */
  public static ClearHandshake initiator(long initiatorConnectionId, RandomGenerator random) {
    return new ClearHandshake(Step.WRITE_FIRST, initiatorConnectionId, random);
  }

  /**
   * An attempt to answer one.
   *
   * @param initiatorConnectionId the connection id that M1 carried
   * @param random gives the 32 random bytes
   */
  public static ClearHandshake responder(long initiatorConnectionId, RandomGenerator random) {
    return new ClearHandshake(Step.READ_FIRST, initiatorConnectionId, random);
  }

  @Override
  public int writeFirst(byte[] out, int from) {
    advance(Step.WRITE_FIRST, Step.READ_SECOND);
    System.arraycopy(localRandom, 0, out, from, RANDOM_BYTES);
    return appendChecksum(out, from, RANDOM_BYTES);
  }

  @Override
  public boolean readFirst(byte[] in, int from, int length) {
    expect(Step.READ_FIRST);
    if (length != FIRST_BYTES || !verifies(in, from, length)) {
      return false;
    }
    System.arraycopy(in, from, remoteRandom, 0, RANDOM_BYTES);
    chain(in, from, RANDOM_BYTES);
    step = Step.WRITE_SECOND;
    return true;
  }

  @Override
  public int writeSecond(byte[] payload, int payloadLength, byte[] out, int from) {
    advance(Step.WRITE_SECOND, Step.READ_THIRD);
    System.arraycopy(localRandom, 0, out, from, RANDOM_BYTES);
    System.arraycopy(payload, 0, out, from + RANDOM_BYTES, payloadLength);
    return appendChecksum(out, from, RANDOM_BYTES + payloadLength);
  }

  @Override
  public int readSecond(byte[] in, int from, int length, byte[] payload) {
    expect(Step.READ_SECOND);
    int payloadLength = length - RANDOM_BYTES - WireLimits.CHECKSUM_BYTES;
    if (payloadLength < 0 || payloadLength > payload.length || !verifies(in, from, length)) {
      return FAILED;
    }
    System.arraycopy(in, from, remoteRandom, 0, RANDOM_BYTES);
    System.arraycopy(in, from + RANDOM_BYTES, payload, 0, payloadLength);
    chain(in, from, RANDOM_BYTES + payloadLength);
    step = Step.WRITE_THIRD;
    return payloadLength;
  }

  @Override
  public int writeThird(byte[] payload, int payloadLength, byte[] out, int from) {
    advance(Step.WRITE_THIRD, Step.SPLIT);
    System.arraycopy(payload, 0, out, from, payloadLength);
    return appendChecksum(out, from, payloadLength);
  }

  @Override
  public int readThird(byte[] in, int from, int length, byte[] payload, PayloadCheck check) {
    expect(Step.READ_THIRD);
    int payloadLength = length - WireLimits.CHECKSUM_BYTES;
    if (payloadLength < 0 || payloadLength > payload.length || !verifies(in, from, length)) {
      return FAILED;
    }
    System.arraycopy(in, from, payload, 0, payloadLength);
    if (!check.accepts(payload, payloadLength)) {
      return FAILED;
    }
    chain(in, from, payloadLength);
    step = Step.SPLIT;
    return payloadLength;
  }

  @Override
  public PacketProtection split(KeyLimits unused, AesCiphers unusedToo) {
    advance(Step.SPLIT, Step.DONE);
    return new ChecksumProtection();
  }

  @Override
  public byte[] localEphemeral() {
    return localRandom.clone();
  }

  @Override
  public byte[] remoteEphemeral() {
    return remoteRandom.clone();
  }

  @Override
  public byte[] remoteStatic() {
    return NO_KEY;
  }

  /** Nothing here is secret; the attempt merely takes no more messages. */
  @Override
  public void destroy() {
    step = Step.DONE;
  }

  private int appendChecksum(byte[] out, int from, int length) {
    BigEndian.putInt(chained, 0, checksum(out, from, length));
    System.arraycopy(chained, 0, out, from + length, WireLimits.CHECKSUM_BYTES);
    return length + WireLimits.CHECKSUM_BYTES;
  }

  /** Whether the body ends with its checksum. */
  private boolean verifies(byte[] in, int from, int length) {
    if (from < 0 || length > in.length - from) {
      return false;
    }
    int covered = length - WireLimits.CHECKSUM_BYTES;
    return checksum(in, from, covered) == BigEndian.getInt(in, from + covered);
  }

  /** The next checksum covers this one, which follows so many bytes of a body that was taken. */
  private void chain(byte[] in, int from, int covered) {
    System.arraycopy(in, from + covered, chained, 0, WireLimits.CHECKSUM_BYTES);
  }

  private int checksum(byte[] bytes, int from, int length) {
    crc.reset();
    crc.update(chained, 0, chained.length);
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }

  private void expect(Step expected) {
    if (step != expected) {
      throw new IllegalStateException("next is " + step + ", not " + expected);
    }
  }

  private void advance(Step expected, Step next) {
    expect(expected);
    step = next;
  }

  @Override
  public String toString() {
    return "ClearHandshake[" + step + "]";
  }
}
