package io.posthorn.simulation;

import io.posthorn.EcnMark;
import io.posthorn.capture.CaptureFile;
import java.io.Closeable;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Writes what a relay's sockets receive and send, on both its sides, into a pcapng file; a datagram
 * that its link takes has a comment that says why. Used under the relay's lock alone.
 */
final class RelayCapture implements Closeable {
  private final CaptureFile file;

  /**
   * Creates the file, or empties it.
   *
   * @throws IOException if it cannot be written
   */
  RelayCapture(Path path) throws IOException {
    file = new CaptureFile(path);
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
    InetSocketAddress source = from;
    InetSocketAddress destination = to;
    if (to.getAddress() instanceof Inet4Address != from.getAddress() instanceof Inet4Address) {
      // A socket at all addresses of both families does not say which of its own it was.
      if (from.getAddress().isAnyLocalAddress()) {
        source =
            new InetSocketAddress(CaptureFile.unspecifiedLike(to.getAddress()), from.getPort());
      } else {
        destination =
            new InetSocketAddress(CaptureFile.unspecifiedLike(from.getAddress()), to.getPort());
      }
    }
    file.write(nowNanos, source, destination, EcnMark.UNKNOWN, datagram, comment);
  }

  private static String words(DatagramFate fate) {
    return fate.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  @Override
  public void close() {
    file.close();
  }
}
