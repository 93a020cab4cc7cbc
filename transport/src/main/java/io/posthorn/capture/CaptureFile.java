package io.posthorn.capture;

import io.posthorn.EcnMark;
import io.posthorn.files.BackgroundFile;
import java.io.Closeable;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;

/**
 * A pcapng file of datagrams that pass right now. The file has a thread of its own: what a slow
 * disk does not take in time is left out, counted in the file; a full one ends the file, not those
 * who write into it. Not thread-safe.
 */
public final class CaptureFile implements Closeable {
  private final BackgroundFile file;
  private final CaptureWriter out;

  /** What the wall clock is ahead of the writer's; known with the first datagram. */
  private long aheadNanos = Long.MIN_VALUE;

  private long newestNanos = Long.MIN_VALUE;

  /**
   * Creates the file, or empties it.
   *
   * @throws IOException if it cannot be written
   */
  public CaptureFile(Path path) throws IOException {
    file = new BackgroundFile(path);
    out = new CaptureWriter(file::write);
  }

  /**
   * Writes one datagram; never waits for the disk.
   *
   * @param nowNanos of any clock, the same for all; what is earlier than the datagram before, since
   *     its thread read the clock before it waited for its turn, is as early as that
   * @param payload borrowed for the call; its position stays
   * @param comment empty for none
   * @throws IllegalArgumentException if the addresses are of two families, or the payload is longer
   *     than IP allows
   */
  public void write(
      long nowNanos,
      InetSocketAddress from,
      InetSocketAddress to,
      EcnMark mark,
      ByteBuffer payload,
      String comment)
      throws IOException {
    if (aheadNanos == Long.MIN_VALUE) {
      Instant now = Instant.now();
      aheadNanos = now.getEpochSecond() * 1_000_000_000L + now.getNano() - nowNanos;
    }
    newestNanos = Math.max(newestNanos, nowNanos);
    out.write(newestNanos + aheadNanos, from, to, mark, payload, comment);
  }

  /**
   * What stands for an address of a socket that is bound to all of its host and does not say to
   * which of them a datagram came: the unspecified one, of the family that the other end has.
   */
  public static InetAddress unspecifiedLike(InetAddress other) {
    try {
      return other instanceof Inet4Address
          ? InetAddress.getByAddress(new byte[4])
          : Inet6Address.getByAddress(null, new byte[16], -1);
    } catch (UnknownHostException impossible) {
      throw new IllegalStateException("4 or 16 bytes are an address", impossible);
    }
  }

  /** Takes no more; {@link #close} waits until what is there is written. */
  public void beginClose() {
    file.beginClose();
  }

  /** Writes what waits for the disk, for at most ten seconds, and closes the file. */
  @Override
  public void close() {
    file.close();
  }
}
