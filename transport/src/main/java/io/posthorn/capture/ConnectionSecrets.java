package io.posthorn.capture;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The secrets of one connection, as a key log has them (PROTOCOL.md §4.8).
 *
 * @param initiatorId the initiator's first connection id
 * @param responderId the responder's
 * @param initiatorSecret for packets from the initiator, 32 bytes
 * @param responderSecret for packets from the responder, 32 bytes
 * @param handshake what the handshake was sealed with; null if the log does not say
 */
@SuppressWarnings("ArrayRecordComponent") // secrets are used, never compared
public record ConnectionSecrets(
    long initiatorId,
    long responderId,
    byte[] initiatorSecret,
    byte[] responderSecret,
    @Nullable HandshakeKeys handshake) {
  private static final String LABEL = "POSTHORN_SECRETS_1 ";
  private static final String HANDSHAKE_LABEL = "POSTHORN_HANDSHAKE_1 ";
  private static final Pattern LINE =
      Pattern.compile(LABEL + "([0-9a-f]{16}) ([0-9a-f]{16}) ([0-9a-f]{64}) ([0-9a-f]{64})");
  private static final Pattern HANDSHAKE_LINE =
      Pattern.compile(HANDSHAKE_LABEL + "([0-9a-f]{16}) ([0-9a-f]{16})((?: [0-9a-f]{64}){4})");

  /** Which connection a line is of. */
  private record Ids(long initiator, long responder) {
    static Ids of(Matcher line) {
      return new Ids(
          Long.parseUnsignedLong(line.group(1), 16), Long.parseUnsignedLong(line.group(2), 16));
    }
  }

  /** Those of a connection whose handshake stays sealed. */
  public ConnectionSecrets(
      long initiatorId, long responderId, byte[] initiatorSecret, byte[] responderSecret) {
    this(initiatorId, responderId, initiatorSecret, responderSecret, null);
  }

  /**
   * Reads a key log. Empty lines, comments ({@code #}) and lines of other labels are passed over,
   * so that one file can serve several programs. The two lines of a connection may come in any
   * order.
   *
   * @throws CaptureException if a line of these labels cannot be read, or nothing in the file can
   * @throws IOException if the file cannot be read
   */
  public static List<ConnectionSecrets> readAll(Path path) throws IOException {
    List<ConnectionSecrets> all = new ArrayList<>();
    Map<Ids, HandshakeKeys> handshakes = new HashMap<>();
    try (BufferedReader in = Files.newBufferedReader(path, StandardCharsets.US_ASCII)) {
      int number = 0;
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        number++;
        if (line.startsWith(HANDSHAKE_LABEL)) {
          Matcher parts = HANDSHAKE_LINE.matcher(line);
          if (!parts.matches()) {
            throw new CaptureException(
                path + ", line " + number + ": not a whole line of handshake keys of version 1");
          }
          handshakes.put(Ids.of(parts), keys(parts.group(3).strip().split(" ", -1)));
        }
        if (!line.startsWith(LABEL)) {
          continue;
        }
        Matcher parts = LINE.matcher(line);
        if (!parts.matches()) {
          throw new CaptureException(
              path + ", line " + number + ": not a whole line of secrets of version 1");
        }
        Ids ids = Ids.of(parts);
        HexFormat hex = HexFormat.of();
        all.add(
            new ConnectionSecrets(
                ids.initiator,
                ids.responder,
                hex.parseHex(parts.group(3)),
                hex.parseHex(parts.group(4))));
      }
    } catch (MalformedInputException noText) {
      throw new CaptureException(path + " is no key log: it is not text");
    }
    if (all.isEmpty()) {
      throw new CaptureException(path + " has no secrets of any connection");
    }
    all.replaceAll(each -> each.with(handshakes.get(new Ids(each.initiatorId, each.responderId))));
    return all;
  }

  private ConnectionSecrets with(@Nullable HandshakeKeys keys) {
    return new ConnectionSecrets(initiatorId, responderId, initiatorSecret, responderSecret, keys);
  }

  private static HandshakeKeys keys(String[] fields) {
    HexFormat hex = HexFormat.of();
    return new HandshakeKeys(
        hex.parseHex(fields[0]),
        hex.parseHex(fields[1]),
        hex.parseHex(fields[2]),
        hex.parseHex(fields[3]));
  }

  @Override
  public String toString() {
    return "secrets of " + Long.toHexString(initiatorId) + " and " + Long.toHexString(responderId);
  }
}
