package io.posthorn.cli.bench;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Tokens that only who receives at an address can know, so that nobody has a server flood another:
 * HMAC-SHA256 (RFC 2104) of the address under a key of this run, cut to 64 bits. Nothing is kept of
 * those who merely ask.
 */
final class BenchTokens {
  private static final int KEY_BYTES = 32;

  private final Mac mac;

  BenchTokens() {
    byte[] key = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(key);
    try {
      mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException("every Java has HmacSHA256", impossible);
    }
  }

  /**
   * The token of a client.
   *
   * @param tcp whether its port is one of TCP, whose numbers are used by UDP as well
   */
  synchronized long of(InetSocketAddress client, boolean tcp) {
    mac.update((byte) (tcp ? 1 : 0));
    mac.update(client.getAddress().getAddress());
    mac.update((byte) (client.getPort() >> 8));
    mac.update((byte) client.getPort());
    return ByteBuffer.wrap(mac.doFinal()).getLong();
  }
}
