package io.posthorn.vectors;

import static io.posthorn.vectors.VectorText.integer;

import io.posthorn.cli.JsonText;
import io.posthorn.wire.PacketNumbers;
import io.posthorn.wire.VarInt;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** PROTOCOL.md §1.2 and §3.6: varints and packet numbers at their bounds. */
final class IntegerVectors {
  private static final long[] VALUES = {
    0,
    1,
    37,
    63,
    64,
    15_293,
    16_383,
    16_384,
    494_878_333,
    (1L << 30) - 1,
    1L << 30,
    151_288_809_941_952_652L,
    VarInt.MAX_VALUE
  };

  /** Forms that are longer than needed: read, not written. */
  private static final String[] LONG_FORMS = {"4025", "80000025", "c000000000000025", "80003bbd"};

  private IntegerVectors() {}

  static List<JsonText> varints() {
    List<JsonText> out = new ArrayList<>();
    byte[] bytes = new byte[8];
    for (long value : VALUES) {
      int length = VarInt.write(bytes, 0, value);
      out.add(varint(VectorText.hex(bytes, 0, length), true));
    }
    for (String form : LONG_FORMS) {
      out.add(varint(form, false));
    }
    return out;
  }

  private static JsonText varint(String hex, boolean canonical) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    JsonText json = new JsonText().beginObject().put("bytes", hex).put("canonical", canonical);
    return integer(json, "value", VarInt.read(bytes, 0, bytes.length)).endObject();
  }

  /** How many bytes a sender needs, given what the peer has acknowledged. */
  static List<JsonText> numberLengths() {
    long[][] cases = {
      {0, -1}, {127, -1}, {128, -1}, {0xac5c02, 0xabe8b3}, {0xace8fe, 0xabe8b3}, {128, 0},
      {129, 0}, {32_768, 0}, {32_769, 0}, {1L << 23, 0}, {(1L << 23) + 1, 0}, {1L << 31, 0}
    };
    List<JsonText> out = new ArrayList<>();
    for (long[] each : cases) {
      JsonText json = new JsonText().beginObject();
      integer(integer(json, "number", each[0]), "largestAcknowledged", each[1]);
      out.add(json.put("length", PacketNumbers.lengthFor(each[0], each[1])).endObject());
    }
    return out;
  }

  /** Which number a receiver finds, given the largest that it has opened. */
  static List<JsonText> expansions() {
    long top = (1L << 62) - 1;
    long[][] cases = {
      {-1, 0, 1},
      {-1, 255, 1},
      {0xa82f30eaL, 0x9b32, 2},
      {127, 0, 1},
      {126, 255, 1},
      {127, 255, 1},
      {128, 0, 1},
      {255, 0, 1},
      {256, 255, 1},
      {65_535, 0, 2},
      {(1L << 24) - 1, 0, 3},
      {(1L << 32) - 1, 0, 4},
      {1L << 40, 0xffffffffL, 4},
      {top - 1, 0xff, 1},
      {top, 0xff, 1},
      {top, 0, 1},
      {top - 1, 0, 4}
    };
    List<JsonText> out = new ArrayList<>();
    for (long[] each : cases) {
      JsonText json = integer(new JsonText().beginObject(), "largestOpened", each[0]);
      integer(json, "onTheWire", each[1]).put("length", each[2]);
      long number = PacketNumbers.expand(each[0], each[1], (int) each[2]);
      out.add(integer(json, "number", number).endObject());
    }
    return out;
  }
}
