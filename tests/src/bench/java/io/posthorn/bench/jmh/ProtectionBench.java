package io.posthorn.bench.jmh;

import io.posthorn.protocol.protection.AesGcmProtection;
import io.posthorn.protocol.protection.ChecksumProtection;
import io.posthorn.protocol.protection.KeyLimits;
import io.posthorn.protocol.protection.PacketProtection;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** One packet sealed, and sealed and opened, in either suite. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ProtectionBench {
  private static final int NUMBER_BYTES = 4;

  @Param({"64", "1400", "60000"})
  public int bytes;

  @Param({"sealed", "clear"})
  public String suite;

  private PacketProtection left;
  private PacketProtection right;
  private byte[] frames;
  private byte[] packet;
  private byte[] plain;
  private long number;

  /** Makes two ends that share keys. */
  @Setup
  public void open() {
    SplittableRandom random = new SplittableRandom(1);
    byte[] forth = new byte[32];
    byte[] back = new byte[32];
    random.nextBytes(forth);
    random.nextBytes(back);
    boolean clear = suite.equals("clear");
    left = clear ? new ChecksumProtection() : new AesGcmProtection(forth, back, KeyLimits.DEFAULT);
    right = clear ? new ChecksumProtection() : new AesGcmProtection(back, forth, KeyLimits.DEFAULT);
    frames = new byte[bytes];
    random.nextBytes(frames);
    packet = new byte[bytes + 64];
    plain = new byte[bytes + 64];
  }

  /** Seals. */
  @Benchmark
  public int seal() {
    return left.seal(7, number++, NUMBER_BYTES, frames, 0, bytes, packet, 0);
  }

  /** Seals and opens. */
  @Benchmark
  public int sealAndOpen() {
    int length = left.seal(7, number, NUMBER_BYTES, frames, 0, bytes, packet, 0);
    int opened = right.open(packet, 0, length, number - 1, number, plain, 0);
    number++;
    if (opened != bytes) {
      throw new IllegalStateException("opened " + opened + " of " + bytes);
    }
    left.onAcknowledged(number - 1, number);
    return opened;
  }
}
