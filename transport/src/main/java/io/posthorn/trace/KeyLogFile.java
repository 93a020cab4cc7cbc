package io.posthorn.trace;

import io.posthorn.files.BackgroundFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Set;

/**
 * Appends the secrets of each connection to a file, two lines each (PROTOCOL.md §4.8). Whoever can
 * read the file and has a capture of the packets can read the messages; a new file is its owner's
 * alone (mode 0600).
 */
public final class KeyLogFile implements KeyLog {
  /** The first word of a line with the secrets of a connection. */
  static final String LABEL = "POSTHORN_SECRETS_1";

  /** The first word of a line with the keys of its handshake. */
  static final String HANDSHAKE_LABEL = "POSTHORN_HANDSHAKE_1";

  private static final String HEX = "0123456789abcdef";

  private final BackgroundFile file;

  /**
   * Opens the file, or creates it.
   *
   * @throws IOException if it cannot be written
   */
  public KeyLogFile(Path path) throws IOException {
    FileAttribute<?>[] ownersAlone =
        FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
            ? new FileAttribute<?>[] {
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
            }
            : new FileAttribute<?>[0];
    file =
        new BackgroundFile(
            path, Set.of(StandardOpenOption.CREATE, StandardOpenOption.APPEND), ownersAlone);
  }

  @Override
  public void secrets(
      long initiatorId, long responderId, byte[] initiatorSecret, byte[] responderSecret) {
    line(LABEL, initiatorId, responderId, initiatorSecret, responderSecret);
  }

  @Override
  public void handshakeKeys(
      long initiatorId,
      long responderId,
      byte[] secondStatic,
      byte[] secondPayload,
      byte[] thirdPayload,
      byte[] thirdHash) {
    line(
        HANDSHAKE_LABEL,
        initiatorId,
        responderId,
        secondStatic,
        secondPayload,
        thirdPayload,
        thirdHash);
  }

  private void line(String label, long initiatorId, long responderId, byte[]... secrets) {
    byte[] line = new byte[label.length() + 2 * 17 + secrets.length * 65 + 1];
    int at = label.length();
    System.arraycopy(label.getBytes(StandardCharsets.US_ASCII), 0, line, 0, at);
    at = hex(line, at, bytes(initiatorId));
    at = hex(line, at, bytes(responderId));
    for (byte[] each : secrets) {
      at = hex(line, at, each);
    }
    line[at++] = '\n';
    file.write(line, 0, at);
    Arrays.fill(line, (byte) 0);
  }

  private static byte[] bytes(long id) {
    byte[] bytes = new byte[Long.BYTES];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (id >>> (8 * (bytes.length - 1 - i)));
    }
    return bytes;
  }

  private static int hex(byte[] line, int from, byte[] bytes) {
    int at = from;
    line[at++] = ' ';
    for (byte b : bytes) {
      line[at++] = (byte) HEX.charAt((b >>> 4) & 0xf);
      line[at++] = (byte) HEX.charAt(b & 0xf);
    }
    return at;
  }

  /** Has the file closed when the socket is. */
  public TraceListener closer() {
    return new FileCloser(file);
  }
}
