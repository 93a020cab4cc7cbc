package io.posthorn.capture;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes datagrams to a pcapng file, each in an IP packet without a link-layer header. Not
 * thread-safe.
 */
public final class CaptureWriter implements Closeable {
  private static final int RAW_IP = 101;
  private static final int UDP_HEADER_BYTES = 8;
  private static final int UDP = 17;
  private static final int LARGEST_LENGTH = 65_535;

  private final OutputStream out;

  /**
   * Creates the file, or empties it.
   *
   * @throws IOException if it cannot be written
   */
  public CaptureWriter(Path path) throws IOException {
    this.out = new BufferedOutputStream(Files.newOutputStream(path), 1 << 16);
    ByteBuffer head = ByteBuffer.allocate(28 + 32).order(ByteOrder.LITTLE_ENDIAN);
    head.putInt(0x0a0d0d0a).putInt(28).putInt(0x1a2b3c4d);
    head.putShort((short) 1).putShort((short) 0).putLong(-1).putInt(28);
    head.putInt(1).putInt(32).putShort((short) RAW_IP).putShort((short) 0).putInt(0);
    // if_tsresol: nanoseconds; then the end of the options
    head.putShort((short) 9).putShort((short) 1).put((byte) 9).put(new byte[3]).putInt(0);
    head.putInt(32);
    out.write(head.array());
  }

  /**
   * Writes one datagram.
   *
   * @throws IllegalArgumentException if its addresses are of two families, or it is longer than IP
   *     allows
   */
  public void write(CapturedDatagram datagram) throws IOException {
    InetAddress from = datagram.from().getAddress();
    InetAddress to = datagram.to().getAddress();
    byte[] source = from.getAddress();
    byte[] destination = to.getAddress();
    int udpLength = UDP_HEADER_BYTES + datagram.payload().length;
    int headerBytes = source.length == 4 ? 20 : 40;
    if (source.length != destination.length || headerBytes + udpLength > LARGEST_LENGTH) {
      throw new IllegalArgumentException("no IP packet from " + from + " to " + to + " has this");
    }
    int ipLength = headerBytes + udpLength;
    int padded = ((ipLength + 3) / 4) * 4;
    ByteBuffer block = ByteBuffer.allocate(32 + padded).order(ByteOrder.LITTLE_ENDIAN);
    block.putInt(6).putInt(32 + padded).putInt(0);
    block.putInt((int) (datagram.nanos() >>> 32)).putInt((int) datagram.nanos());
    block.putInt(ipLength).putInt(ipLength);
    block.order(ByteOrder.BIG_ENDIAN);
    int ip = block.position();
    if (source.length == 4) {
      block.put((byte) 0x45).put((byte) 0).putShort((short) ipLength);
      block.putInt(0).put((byte) 64).put((byte) UDP).putShort((short) 0);
      block.put(source).put(destination);
      block.putShort(ip + 10, (short) ~sum(block, ip, 20));
    } else {
      block.putInt(0x60000000).putShort((short) udpLength).put((byte) UDP).put((byte) 64);
      block.put(source).put(destination);
    }
    block.putShort((short) datagram.from().getPort()).putShort((short) datagram.to().getPort());
    block.putShort((short) udpLength).putShort((short) 0);
    block.put(datagram.payload());
    block.position(28 + padded);
    block.order(ByteOrder.LITTLE_ENDIAN).putInt(32 + padded);
    out.write(block.array());
  }

  /** The ones' complement sum of RFC 1071. */
  private static int sum(ByteBuffer in, int from, int length) {
    int sum = 0;
    for (int i = 0; i < length; i += 2) {
      sum += in.getShort(from + i) & 0xffff;
    }
    while (sum > 0xffff) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return sum;
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
