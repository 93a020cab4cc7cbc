package io.posthorn.capture;

import io.posthorn.AddressText;
import io.posthorn.EcnMark;
import io.posthorn.trace.RecordOutput;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Writes datagrams in the format pcapng, each in an IP packet without a link-layer header, its
 * checksums right. Not thread-safe.
 */
public final class CaptureWriter implements Closeable {
  private static final int SECTION_HEADER = 0x0a0d0d0a;
  private static final int SECTION_BYTES = 28;
  private static final int BYTE_ORDER = 0x1a2b3c4d;
  private static final int INTERFACE = 1;
  private static final int INTERFACE_BYTES = 32;
  private static final int RAW_IP = 101;
  private static final int OPTION_RESOLUTION = 9;
  private static final int NANOSECONDS = 9;
  private static final int ENHANCED_PACKET = 6;
  private static final int PACKET_HEADER_BYTES = 28;
  private static final int OPTION_COMMENT = 1;
  private static final int OPTION_DROP_COUNT = 4;
  private static final int DROP_COUNT_BYTES = 12;
  private static final int LONGEST_COMMENT_BYTES = 1_000;

  private static final int IPV4_BYTES = 20;
  private static final int IPV6_BYTES = 40;
  private static final int UDP_BYTES = 8;
  private static final int UDP = 17;
  private static final int TIME_TO_LIVE = 64;
  private static final int LARGEST_LENGTH = 65_535;

  /** Takes a block whole, or leaves it whole. */
  private interface Blocks {
    boolean take(byte[] bytes, int length) throws IOException;
  }

  private final Blocks blocks;
  private final @Nullable OutputStream file;
  private ByteBuffer block = ByteBuffer.allocate(2_048).order(ByteOrder.LITTLE_ENDIAN);
  private boolean begun;
  private long leftOut;

  /**
   * Creates the file, or empties it.
   *
   * @throws IOException if it cannot be written
   */
  public CaptureWriter(Path path) throws IOException {
    OutputStream out = new BufferedOutputStream(Files.newOutputStream(path), 1 << 16);
    this.file = out;
    this.blocks =
        (bytes, length) -> {
          out.write(bytes, 0, length);
          return true;
        };
    begun = begin();
  }

  /**
   * Writes to an output that may leave a datagram out: the next one that it takes says how many
   * were. With it nothing here throws an {@link IOException}, and {@link #close} does nothing.
   */
  public CaptureWriter(RecordOutput out) {
    this.file = null;
    this.blocks = (bytes, length) -> out.write(bytes, 0, length);
    head();
    begun = out.write(block.array(), 0, block.position());
  }

  private boolean begin() throws IOException {
    head();
    return blocks.take(block.array(), block.position());
  }

  /** Section and interface; without them a file is none. */
  private void head() {
    block.clear().order(ByteOrder.LITTLE_ENDIAN);
    block.putInt(SECTION_HEADER).putInt(SECTION_BYTES).putInt(BYTE_ORDER);
    block.putShort((short) 1).putShort((short) 0).putLong(-1).putInt(SECTION_BYTES);
    block.putInt(INTERFACE).putInt(INTERFACE_BYTES);
    block.putShort((short) RAW_IP).putShort((short) 0).putInt(0);
    block.putShort((short) OPTION_RESOLUTION).putShort((short) 1);
    block.put((byte) NANOSECONDS).put(new byte[3]).putInt(0);
    block.putInt(INTERFACE_BYTES);
  }

  /**
   * Writes one datagram.
   *
   * @throws IllegalArgumentException if its addresses are of two families, or it is longer than IP
   *     allows
   */
  public void write(CapturedDatagram datagram) throws IOException {
    write(
        datagram.nanos(),
        datagram.from(),
        datagram.to(),
        datagram.ecn(),
        ByteBuffer.wrap(datagram.payload()),
        datagram.comment());
  }

  /**
   * Writes one datagram that lies elsewhere; allocates nothing once the largest was written.
   *
   * @param payload borrowed for the call; its position stays
   * @param comment empty for none
   * @throws IllegalArgumentException if the addresses are of two families, or the payload is longer
   *     than IP allows
   */
  public void write(
      long nanos,
      InetSocketAddress from,
      InetSocketAddress to,
      EcnMark ecn,
      ByteBuffer payload,
      String comment)
      throws IOException {
    byte[] source = from.getAddress().getAddress();
    byte[] destination = to.getAddress().getAddress();
    boolean four = source.length == 4;
    int udpLength = UDP_BYTES + payload.remaining();
    int ipLength = (four ? IPV4_BYTES : IPV6_BYTES) + udpLength;
    if (source.length != destination.length || (four ? ipLength : udpLength) > LARGEST_LENGTH) {
      throw new IllegalArgumentException(
          "no IP packet from "
              + AddressText.of(from)
              + " to "
              + AddressText.of(to)
              + " has "
              + payload.remaining()
              + " bytes");
    }
    begun = begun || begin();
    if (!begun) {
      leftOut++;
      return;
    }
    byte[] words = comment.getBytes(StandardCharsets.UTF_8);
    int commentBytes = Math.min(words.length, LONGEST_COMMENT_BYTES);
    int options =
        (leftOut > 0 ? DROP_COUNT_BYTES : 0) + (commentBytes > 0 ? 4 + padded(commentBytes) : 0);
    options += options > 0 ? 4 : 0;
    int blockBytes = PACKET_HEADER_BYTES + padded(ipLength) + options + 4;
    if (block.capacity() < blockBytes) {
      block = ByteBuffer.allocate(2 * blockBytes);
    }
    block.clear().order(ByteOrder.LITTLE_ENDIAN);
    block.putInt(ENHANCED_PACKET).putInt(blockBytes).putInt(0);
    block.putInt((int) (nanos >>> 32)).putInt((int) nanos).putInt(ipLength).putInt(ipLength);
    block.order(ByteOrder.BIG_ENDIAN);
    if (four) {
      ipv4(source, destination, ecn, ipLength);
    } else {
      ipv6(source, destination, ecn, udpLength);
    }
    udp(from.getPort(), to.getPort(), payload, udpLength, sum(source) + sum(destination));
    pad();
    block.order(ByteOrder.LITTLE_ENDIAN);
    if (leftOut > 0) {
      block.putShort((short) OPTION_DROP_COUNT).putShort((short) Long.BYTES).putLong(leftOut);
    }
    if (commentBytes > 0) {
      block.putShort((short) OPTION_COMMENT).putShort((short) commentBytes);
      block.put(words, 0, commentBytes);
      pad();
    }
    if (options > 0) {
      block.putInt(0);
    }
    block.putInt(blockBytes);
    leftOut = blocks.take(block.array(), blockBytes) ? 0 : leftOut + 1;
  }

  private static int padded(int bytes) {
    return (bytes + 3) / 4 * 4;
  }

  private void pad() {
    while (block.position() % 4 != 0) {
      block.put((byte) 0);
    }
  }

  private void ipv4(byte[] source, byte[] destination, EcnMark ecn, int ipLength) {
    int from = block.position();
    block.put((byte) 0x45).put((byte) ecn.codepoint()).putShort((short) ipLength);
    block.putInt(0).put((byte) TIME_TO_LIVE).put((byte) UDP).putShort((short) 0);
    block.put(source).put(destination);
    block.putShort(from + 10, (short) ~folded(sum(block, from, IPV4_BYTES)));
  }

  private void ipv6(byte[] source, byte[] destination, EcnMark ecn, int udpLength) {
    block.putInt(0x60000000 | ecn.codepoint() << 20);
    block.putShort((short) udpLength).put((byte) UDP).put((byte) TIME_TO_LIVE);
    block.put(source).put(destination);
  }

  /** RFC 768, RFC 8200 §8.1: the checksum covers a pseudo header too. */
  private void udp(
      int fromPort, int toPort, ByteBuffer payload, int udpLength, long sumOfAddresses) {
    int from = block.position();
    block.putShort((short) fromPort).putShort((short) toPort);
    block.putShort((short) udpLength).putShort((short) 0);
    block.put(payload.duplicate());
    long sum = sumOfAddresses + UDP + udpLength + sum(block, from, udpLength);
    int checksum = ~folded(sum) & 0xffff;
    block.putShort(from + 6, (short) (checksum == 0 ? 0xffff : checksum));
  }

  private static long sum(byte[] address) {
    return sum(ByteBuffer.wrap(address), 0, address.length);
  }

  /** The sum of RFC 1071, not folded yet; an odd length counts as if a zero followed. */
  private static long sum(ByteBuffer in, int from, int length) {
    long sum = 0;
    for (int i = 0; i + 1 < length; i += 2) {
      sum += in.getShort(from + i) & 0xffff;
    }
    return length % 2 == 0 ? sum : sum + ((in.get(from + length - 1) & 0xff) << 8);
  }

  private static int folded(long sum) {
    long folded = sum;
    while (folded > 0xffff) {
      folded = (folded & 0xffff) + (folded >>> 16);
    }
    return (int) folded;
  }

  @Override
  public void close() throws IOException {
    OutputStream out = file;
    if (out != null) {
      out.close();
    }
  }
}
