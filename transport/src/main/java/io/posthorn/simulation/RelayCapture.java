package io.posthorn.simulation;

import io.posthorn.EcnMark;
import io.posthorn.capture.CaptureWriter;
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
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Locale;
import java.util.Set;

/**
 * Writes what a relay's sockets receive and send, on both its sides, into a pcapng file; a datagram
 * that its link takes has a comment that says why. Used under the relay's lock alone. The file has
 * a thread of its own: what a slow disk does not take in time is left out, counted in the file.
 */
final class RelayCapture implements Closeable {
  private final BackgroundFile file;
  private final CaptureWriter out;

  /** What the wall clock is ahead of the relay's. */
  private final long aheadNanos;

  private RelayCapture(BackgroundFile file, long aheadNanos) {
    this.file = file;
    this.out = new CaptureWriter(file::write);
    this.aheadNanos = aheadNanos;
  }

  /**
   * Creates the file, or empties it.
   *
   * @param nowNanos of the relay's clock
   */
  static RelayCapture create(Path path, long nowNanos) throws IOException {
    BackgroundFile file =
        new BackgroundFile(
            path,
            Set.of(
                StandardOpenOption.WRITE,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING));
    Instant now = Instant.now();
    long wallNanos = now.getEpochSecond() * 1_000_000_000L + now.getNano();
    return new RelayCapture(file, wallNanos - nowNanos);
  }

  /**
   * A datagram came to a socket of the relay.
   *
   * @param datagram borrowed for the call
   * @param fate what the link makes of it
   */
  void onReceived(
      InetSocketAddress from,
      InetSocketAddress to,
      ByteBuffer datagram,
      DatagramFate fate,
      long nowNanos)
      throws IOException {
    write(from, to, datagram, fate == DatagramFate.PASSED ? "" : "taken: " + words(fate), nowNanos);
  }

  /**
   * A datagram leaves a socket of the relay.
   *
   * @param datagram borrowed for the call
   */
  void onSent(InetSocketAddress from, InetSocketAddress to, ByteBuffer datagram, long nowNanos)
      throws IOException {
    write(from, to, datagram, "", nowNanos);
  }

  private void write(
      InetSocketAddress from,
      InetSocketAddress to,
      ByteBuffer datagram,
      String comment,
      long nowNanos)
      throws IOException {
    boolean four = from.getAddress() instanceof Inet4Address;
    InetSocketAddress source = from;
    InetSocketAddress destination = to;
    if (to.getAddress() instanceof Inet4Address != four) {
      // A socket at all addresses of both families does not say which of its own it was.
      if (from.getAddress().isAnyLocalAddress()) {
        source = new InetSocketAddress(unspecified(!four), from.getPort());
      } else {
        destination = new InetSocketAddress(unspecified(four), to.getPort());
      }
    }
    out.write(nowNanos + aheadNanos, source, destination, EcnMark.UNKNOWN, datagram, comment);
  }

  private static InetAddress unspecified(boolean four) {
    try {
      return four
          ? InetAddress.getByAddress(new byte[4])
          : Inet6Address.getByAddress(null, new byte[16], -1);
    } catch (UnknownHostException impossible) {
      throw new IllegalStateException("4 or 16 bytes are an address", impossible);
    }
  }

  private static String words(DatagramFate fate) {
    return fate.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  @Override
  public void close() {
    file.close();
  }
}
