package io.posthorn.capture;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the UDP datagrams of a capture, pcapng or the older pcap, of either byte order. What is no
 * whole UDP datagram is counted and passed over. Not thread-safe.
 */
public final class CaptureReader implements Closeable {
  private static final int SECTION_HEADER = 0x0a0d0d0a;
  private static final int INTERFACE = 1;
  private static final int SIMPLE_PACKET = 3;
  private static final int ENHANCED_PACKET = 6;
  private static final int BYTE_ORDER = 0x1a2b3c4d;
  private static final int PCAP_MICROS = 0xa1b2c3d4;
  private static final int PCAP_NANOS = 0xa1b23c4d;
  private static final int OPTION_COMMENT = 1;
  private static final int OPTION_RESOLUTION = 9;
  private static final int LONGEST_BLOCK_BYTES = 16 << 20;
  private static final long NANOS = 1_000_000_000L;

  /** One interface of a pcapng section. */
  private record Interface(int linkType, long unitsPerSecond) {}

  private final String name;
  private final InputStream in;
  private final List<Interface> interfaces = new ArrayList<>();
  private ByteOrder order = ByteOrder.BIG_ENDIAN;
  private boolean old;
  private long position;
  private long skipped;
  private boolean cut;

  /**
   * Opens a capture.
   *
   * @throws CaptureException if the file is none
   * @throws IOException if it cannot be read
   */
  public CaptureReader(Path path) throws IOException {
    this(Files.newInputStream(path), path.toString());
  }

  /**
   * Reads a capture as it comes.
   *
   * @param stream closed with this reader, or if it is no capture
   * @param name for the words of exceptions
   * @throws CaptureException if it is none
   * @throws IOException if it cannot be read
   */
  public CaptureReader(InputStream stream, String name) throws IOException {
    this.name = name;
    this.in = new BufferedInputStream(stream, 1 << 16);
    try {
      begin();
    } catch (EOFException cut) {
      in.close();
      throw new CaptureException(name + " is no capture: it ends within its first block", cut);
    } catch (IOException | RuntimeException failed) {
      in.close();
      throw failed;
    }
  }

  private void begin() throws IOException {
    byte[] magic = in.readNBytes(4);
    position = magic.length;
    int first = magic.length < 4 ? 0 : ByteBuffer.wrap(magic).getInt();
    if (first == SECTION_HEADER) {
      section();
      return;
    }
    order = ByteOrder.BIG_ENDIAN;
    if (first != PCAP_MICROS && first != PCAP_NANOS) {
      order = ByteOrder.LITTLE_ENDIAN;
      first = Integer.reverseBytes(first);
    }
    if (first != PCAP_MICROS && first != PCAP_NANOS) {
      throw new CaptureException(name + " is no capture: neither pcapng nor pcap");
    }
    old = true;
    ByteBuffer head = bytes(20);
    int linkType = head.getInt(16) & 0xfffffff;
    interfaces.add(new Interface(linkType, first == PCAP_NANOS ? NANOS : 1_000_000));
  }

  /** Frames that were no whole UDP datagrams, so far. */
  public long skipped() {
    return skipped;
  }

  /**
   * Whether the file was cut off in the middle of a packet, so that nobody knows what is missing;
   * false until {@link #next} has come to its end.
   */
  public boolean isCut() {
    return cut;
  }

  /**
   * Reads the next datagram.
   *
   * @return null at the end; also where the file {@linkplain #isCut was cut off}
   * @throws CaptureException if the file is damaged
   */
  public @Nullable CapturedDatagram next() throws IOException {
    while (true) {
      try {
        ByteBuffer frame = old ? nextOld() : nextBlock();
        if (frame == null) {
          return null;
        }
        if (frame.hasRemaining()) {
          CapturedDatagram datagram = FrameParser.datagram(frame, linkType, nanos);
          if (datagram != null) {
            return comment.isEmpty() ? datagram : datagram.with(datagram.payload(), comment);
          }
          skipped++;
        }
      } catch (EOFException end) {
        cut = true; // whoever captured was ended in the middle of a packet
        return null;
      }
    }
  }

  private int linkType;
  private long nanos;
  private String comment = "";

  private @Nullable ByteBuffer nextOld() throws IOException {
    ByteBuffer fields = head(16);
    if (fields == null) {
      return null;
    }
    Interface only = interfaces.get(0);
    linkType = only.linkType;
    long fraction = (fields.getInt(4) & 0xffffffffL) * (NANOS / only.unitsPerSecond);
    nanos = (fields.getInt(0) & 0xffffffffL) * NANOS + fraction;
    return bytes(checkedLength(fields.getInt(8)));
  }

  /** The next packet; empty for a block that is none; null at the end. */
  private @Nullable ByteBuffer nextBlock() throws IOException {
    ByteBuffer head = head(4);
    if (head == null) {
      return null;
    }
    int type = head.getInt();
    if (type == SECTION_HEADER) {
      section();
      return ByteBuffer.allocate(0);
    }
    int length = bytes(4).getInt();
    ByteBuffer body = bytes(checkedLength(length - 12));
    bytes(4); // the length again
    if (type == INTERFACE && body.remaining() >= 8) {
      interfaces.add(new Interface(body.getShort(0) & 0xffff, resolution(body)));
    } else if (type == ENHANCED_PACKET && body.remaining() >= 20) {
      int number = body.getInt(0);
      if (number < 0 || number >= interfaces.size()) {
        throw damaged("a packet of interface " + number + ", which was not described");
      }
      Interface of = interfaces.get(number);
      linkType = of.linkType;
      long units = ((body.getInt(4) & 0xffffffffL) << 32) | (body.getInt(8) & 0xffffffffL);
      nanos =
          (units / of.unitsPerSecond) * NANOS
              + (long) ((double) (units % of.unitsPerSecond) * NANOS / of.unitsPerSecond);
      int captured = body.getInt(12);
      if (captured < 0 || captured > body.remaining() - 20) {
        throw damaged("a packet longer than its block");
      }
      comment = comment(body, 20 + (captured + 3) / 4 * 4);
      body.position(20).limit(20 + captured);
      return body;
    } else if (type == SIMPLE_PACKET) {
      skipped++; // has no time, so nobody writes it
    }
    return ByteBuffer.allocate(0);
  }

  /** Time units in a second, by the interface's options; microseconds if it says nothing. */
  private static long resolution(ByteBuffer body) {
    ByteBuffer option = option(body, 8, OPTION_RESOLUTION);
    if (option == null || !option.hasRemaining()) {
      return 1_000_000;
    }
    int value = option.get(option.position());
    int exponent = value & 0x7f;
    if (value < 0) {
      return 1L << Math.min(exponent, 62);
    }
    long units = 1;
    for (int i = 0; i < Math.min(exponent, 18); i++) {
      units *= 10;
    }
    return units;
  }

  /** What the packet's options say of it; empty if nothing. */
  private static String comment(ByteBuffer body, int from) {
    ByteBuffer option = option(body, from, OPTION_COMMENT);
    return option == null ? "" : StandardCharsets.UTF_8.decode(option).toString();
  }

  /** The first option of this code; null if there is none that is whole. */
  private static @Nullable ByteBuffer option(ByteBuffer body, int from, int code) {
    int at = from;
    while (at + 4 <= body.limit()) {
      int length = body.getShort(at + 2) & 0xffff;
      if ((body.getShort(at) & 0xffff) == code && at + 4 + length <= body.limit()) {
        return body.duplicate().position(at + 4).limit(at + 4 + length);
      }
      at += 4 + ((length + 3) / 4) * 4;
    }
    return null;
  }

  private void section() throws IOException {
    ByteBuffer fields = bytes(8);
    order = ByteOrder.BIG_ENDIAN;
    fields.order(order);
    if (fields.getInt(4) != BYTE_ORDER) {
      order = ByteOrder.LITTLE_ENDIAN;
    }
    fields.order(order);
    if (fields.getInt(4) != BYTE_ORDER) {
      throw damaged("a section of unknown byte order");
    }
    bytes(checkedLength(fields.getInt(0) - 12));
    interfaces.clear();
  }

  private int checkedLength(int length) throws CaptureException {
    if (length < 0 || length > LONGEST_BLOCK_BYTES) {
      throw damaged("a block of " + (length & 0xffffffffL) + " bytes");
    }
    return length;
  }

  private CaptureException damaged(String what) {
    return new CaptureException(name + " is damaged before byte " + position + ": " + what);
  }

  /** What a packet or a block begins with; null where the file ends before it. */
  private @Nullable ByteBuffer head(int count) throws IOException {
    byte[] bytes = in.readNBytes(count);
    return bytes.length == 0 ? null : whole(bytes, count);
  }

  private ByteBuffer bytes(int count) throws IOException {
    return whole(in.readNBytes(count), count);
  }

  private ByteBuffer whole(byte[] bytes, int count) throws EOFException {
    position += bytes.length;
    if (bytes.length < count) {
      throw new EOFException();
    }
    return ByteBuffer.wrap(bytes).order(order);
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
