package io.posthorn.capture;

import io.posthorn.wire.VarInt;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Transport parameters for people: by name, as far as they can be read (PROTOCOL.md §7). */
final class ParameterNames {
  private static final int RESET_TOKEN = 0x03;
  private static final int APPLICATION = 0x10;

  /** From 1 on. */
  private static final List<String> NAMES =
      List.of(
          "connectionId",
          "instanceId",
          "resetToken",
          "maxIdleTimeout",
          "maxAckDelay",
          "initialMaxChannelData",
          "maxChannels",
          "initialMaxMessages",
          "initialMaxMessageData",
          "maxWholeMessage",
          "maxUdpPayload",
          "receiveBuffer",
          "activeConnectionIdLimit",
          "registrationFingerprint",
          "maxDatagramMessage",
          "application");

  /** Parameters whose value is a varint. */
  private static final long NUMBERS = 0b1011_1111_1111_0000;

  private ParameterNames() {}

  static Map<String, Object> read(byte[] in, int from, int end) {
    Map<String, Object> all = new LinkedHashMap<>();
    int at = from;
    while (at < end) {
      long id = VarInt.read(in, at, end);
      if (id < 0) {
        break;
      }
      at += VarInt.lengthOfFirstByte(in[at]);
      long length = VarInt.read(in, at, end);
      if (length < 0) {
        break;
      }
      at += VarInt.lengthOfFirstByte(in[at]);
      if (length > end - at) {
        break;
      }
      all.put(name(id), value(id, in, at, (int) length));
      at += (int) length;
    }
    return all;
  }

  private static String name(long id) {
    return id >= 1 && id <= NAMES.size()
        ? NAMES.get((int) id - 1)
        : "parameter0x" + Long.toHexString(id);
  }

  private static Object value(long id, byte[] in, int at, int length) {
    if (id == RESET_TOKEN) {
      return length + " bytes"; // a secret between the two
    }
    if (id == APPLICATION) {
      return new String(in, at, length, StandardCharsets.ISO_8859_1);
    }
    boolean isNumber = id < Long.SIZE && (NUMBERS >>> id & 1) != 0;
    long number = isNumber ? VarInt.read(in, at, at + length) : -1;
    return number >= 0 ? (Object) number : HexFormat.of().formatHex(in, at, at + length);
  }
}
