package io.posthorn.protocol.handshake;

import io.posthorn.protocol.protection.Hkdf;
import io.posthorn.wire.BigEndian;
import io.posthorn.wire.WireLimits;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import javax.crypto.Mac;
import javax.crypto.ShortBufferException;
import org.jspecify.annotations.Nullable;

/**
 * Stateless reset tokens (RFC 9000 §10.3.2): the first 16 bytes of HMAC-SHA-256(key, connection
 * id), where the key is drawn by HKDF from the static identity and the port. So a process that was
 * restarted with the same identity at the same port knows the tokens it gave away before. One at
 * another port does not, whatever ids it is asked about: what it answers with a token must be
 * connections that are lost, and those of a neighbour with the same identity live (RFC 9000
 * §21.11). Not thread-safe.
 */
public final class ResetTokens {
  /** Length of a token. */
  public static final int TOKEN_BYTES = WireLimits.RESET_TOKEN_BYTES;

  private static final byte[] LABEL = "posthorn reset".getBytes(StandardCharsets.US_ASCII);

  private final Mac mac;
  private final byte[] input = new byte[WireLimits.CONNECTION_ID_BYTES];
  private final byte[] output = new byte[Hkdf.HASH_BYTES];

  /**
   * Derives the key from the private part of {@code identity}.
   *
   * @param local what the port is bound to; null if that is not known
   */
  public ResetTokens(StaticKey identity, @Nullable InetSocketAddress local) {
    mac = identity.macAt(LABEL, local);
  }

  /**
   * Writes the token of a connection id issued here.
   *
   * @param out has room for {@link #TOKEN_BYTES} from {@code at} on
   * @return {@link #TOKEN_BYTES}
   */
  public int write(long connectionId, byte[] out, int at) {
    BigEndian.putLong(input, 0, connectionId);
    mac.update(input, 0, input.length);
    try {
      mac.doFinal(output, 0);
    } catch (ShortBufferException e) {
      throw new IllegalStateException("a SHA-256 hash has 32 bytes", e);
    }
    System.arraycopy(output, 0, out, at, TOKEN_BYTES);
    return TOKEN_BYTES;
  }

  /**
   * Whether the bytes from {@code at} on are this token, in a time that does not depend on where
   * they differ.
   *
   * @param token what the peer told, {@link #TOKEN_BYTES} long
   * @param packet any bytes that came in, at least {@link #TOKEN_BYTES} of them from {@code at} on
   */
  public static boolean matches(byte[] token, byte[] packet, int at) {
    int difference = 0;
    for (int i = 0; i < TOKEN_BYTES; i++) {
      difference |= token[i] ^ packet[at + i];
    }
    return difference == 0;
  }
}
