package io.posthorn.bench.jmh;

import io.posthorn.codec.CodecException;
import io.posthorn.codec.KryoCodec;
import io.posthorn.wire.FrameWriter;
import io.posthorn.wire.VarInt;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Frames and objects, written and read. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CodecBench {
  private static final int PACKET_BYTES = 1_400;

  /** A typical small body. */
  public record Position(int id, double x, double y, String name) {}

  private final KryoCodec<Position> codec =
      KryoCodec.builder(Position.class).register(10, Position.class).build();
  private final Position position = new Position(7, 1.5, -2.5, "player");
  private byte[] encoded;
  private final byte[] packet = new byte[PACKET_BYTES];
  private final byte[] body = new byte[1_200];
  private final FrameWriter writer = new FrameWriter();
  private final long[] first = {1, 100, 1_000};
  private final long[] last = {50, 900, 2_000};

  /** Encodes what is decoded. */
  @Setup
  public void open() throws CodecException {
    encoded = codec.encode(position);
  }

  /** An ACK of three ranges, and a piece of a channel. */
  @Benchmark
  public int writeFrames() {
    writer.reset(packet, 0, PACKET_BYTES);
    int ranges = writer.ack(25, first, last, first.length, 0, 0, -1);
    return ranges + writer.channelData(3, 1 << 20, body, 0, body.length);
  }

  /** Four integers of the four lengths, written and read. */
  @Benchmark
  public long varInts() {
    int at = VarInt.write(packet, 0, 37);
    at = VarInt.write(packet, at, 15_293);
    at = VarInt.write(packet, at, 494_878_333);
    at = VarInt.write(packet, at, 151_288_809_941_952_652L);
    long sum = 0;
    for (int from = 0; from < at; from += VarInt.lengthOfFirstByte(packet[from])) {
      sum += VarInt.read(packet, from, at);
    }
    return sum;
  }

  /** An object to bytes. */
  @Benchmark
  public byte[] encodeObject() throws CodecException {
    return codec.encode(position);
  }

  /** An object from bytes. */
  @Benchmark
  public Position decodeObject() throws CodecException {
    return codec.decode(ByteBuffer.wrap(encoded));
  }
}
