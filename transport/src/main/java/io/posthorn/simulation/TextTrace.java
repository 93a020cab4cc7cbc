package io.posthorn.simulation;

import io.posthorn.AddressText;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * A trace as text, one line an event: nanoseconds, source, {@code >}, destination, {@code #}number,
 * bytes, checksum, fate. Two runs of one seed give the same bytes.
 */
public final class TextTrace implements TraceSink {
  private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
  private final Map<InetSocketAddress, String> names = new HashMap<>();
  private final StringBuilder line = new StringBuilder();

  /** An empty trace. */
  public TextTrace() {}

  @Override
  public void onDatagram(
      long nowNanos,
      InetSocketAddress from,
      InetSocketAddress to,
      long number,
      int lengthBytes,
      int crc32c,
      String fate) {
    line.setLength(0);
    line.append(nowNanos).append(' ').append(name(from)).append(" > ").append(name(to));
    line.append(" #").append(number).append(' ').append(lengthBytes).append(' ');
    String hex = Integer.toHexString(crc32c);
    line.append("0".repeat(8 - hex.length())).append(hex).append(' ').append(fate).append('\n');
    byte[] bytes = line.toString().getBytes(StandardCharsets.US_ASCII);
    lines.write(bytes, 0, bytes.length);
  }

  /** The text so far, in ASCII. */
  public byte[] bytes() {
    return lines.toByteArray();
  }

  @Override
  public String toString() {
    return lines.toString(StandardCharsets.US_ASCII);
  }

  private String name(InetSocketAddress address) {
    String known = names.get(address);
    if (known == null) {
      known = AddressText.of(address);
      names.put(address, known);
    }
    return known;
  }
}
