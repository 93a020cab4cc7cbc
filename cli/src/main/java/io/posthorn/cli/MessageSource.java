package io.posthorn.cli;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Cuts a stream of bytes into messages, in bounded memory. For one thread. */
final class MessageSource implements ReadAhead.Source<Failure> {
  /** The largest message that is read by line or by length: what a listener takes in one piece. */
  static final int LARGEST_BYTES = 4 << 20;

  private static final int BUFFER_BYTES = 64 << 10;

  private final InputStream in;
  private final Framing framing;
  private final int rawBytes;
  private long number;
  private byte[] line = new byte[256];

  /**
   * A source.
   *
   * @param in where the bytes come from; closed with the source
   * @param framing how messages stand in it, not {@link Framing#JSON}
   * @param rawBytes how many bytes make a message with {@link Framing#RAW}
   */
  MessageSource(InputStream in, Framing framing, int rawBytes) {
    this.in = new BufferedInputStream(in, BUFFER_BYTES);
    this.framing = framing;
    this.rawBytes = rawBytes;
  }

  /** The next message, or null at the end. */
  @Override
  public byte @Nullable [] next() throws IOException, Failure {
    number++;
    return switch (framing) {
      case LINE -> nextLine();
      case LENGTH -> nextOfLength();
      case RAW -> nextRaw();
      case JSON -> throw new IllegalStateException("JSON is for output");
    };
  }

  private byte @Nullable [] nextLine() throws IOException, Failure {
    int length = 0;
    for (int c = in.read(); c >= 0; c = in.read()) {
      if (c == '\n') {
        int end = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
        return Arrays.copyOf(line, end);
      }
      if (length == LARGEST_BYTES) {
        throw tooLong("line " + number + " is longer than " + LARGEST_BYTES + " bytes");
      }
      if (length == line.length) {
        line = Arrays.copyOf(line, length * 2);
      }
      line[length++] = (byte) c;
    }
    return length == 0 ? null : Arrays.copyOf(line, length);
  }

  private byte @Nullable [] nextOfLength() throws IOException, Failure {
    int first = in.read();
    if (first < 0) {
      return null;
    }
    DataInputStream fields = new DataInputStream(in);
    try {
      long length =
          (long) first << 24 | fields.readUnsignedByte() << 16 | fields.readUnsignedShort();
      if (length > LARGEST_BYTES) {
        throw tooLong(
            "message " + number + " says it has " + length + " bytes, above " + LARGEST_BYTES);
      }
      byte[] message = new byte[(int) length];
      fields.readFully(message);
      return message;
    } catch (EOFException cut) {
      throw new Failure(
          ExitCode.BAD_DATA,
          "the input ends within message " + number,
          "with --framing length each message follows its length in four bytes, big-endian",
          cut);
    }
  }

  private static Failure tooLong(String what) {
    return new Failure(ExitCode.BAD_DATA, what, "send it with --framing raw, which cuts it up");
  }

  private byte @Nullable [] nextRaw() throws IOException {
    byte[] message = in.readNBytes(rawBytes);
    return message.length == 0 ? null : message;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
