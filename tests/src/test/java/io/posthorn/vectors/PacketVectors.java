package io.posthorn.vectors;

import static io.posthorn.vectors.VectorText.hex;
import static io.posthorn.vectors.VectorText.id;
import static io.posthorn.vectors.VectorText.integer;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.posthorn.cli.JsonText;
import io.posthorn.wire.ControlPacket;
import io.posthorn.wire.DropReason;
import io.posthorn.wire.FirstMessagePacket;
import io.posthorn.wire.GoldenVectors;
import io.posthorn.wire.PacketHeader;
import io.posthorn.wire.SecondMessagePacket;
import io.posthorn.wire.ThirdMessagePacket;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** PROTOCOL.md §2 and §3: datagrams and the fields in them, or the reason why they are dropped. */
final class PacketVectors {
  /** The one that is too long stands as a number of zeros. */
  private static final int LONGEST = 1_500;

  private PacketVectors() {}

  static List<JsonText> good() {
    return of(false);
  }

  static List<JsonText> bad() {
    List<JsonText> out = of(true);
    out.add(dropped(new byte[65_508], "TOO_LONG", true));
    return out;
  }

  private static List<JsonText> of(boolean bad) {
    List<JsonText> out = new ArrayList<>();
    for (GoldenVectors.Vector vector : GoldenVectors.of("packets.txt")) {
      byte[] bytes = vector.bytes();
      if (isBareHeader(vector) || bytes.length > LONGEST) {
        continue; // the headers in clear stand in keys.json, with what masks them
      }
      if ((vector.mark() == '!') != bad) {
        continue;
      }
      JsonText fields = bad ? null : new JsonText().beginObject();
      DropReason reason = read(bytes, fields);
      assertEquals(bad ? DropReason.valueOf(vector.reading()) : DropReason.NONE, reason);
      if (fields == null) {
        out.add(dropped(bytes, reason.name(), false));
      } else {
        JsonText json = new JsonText().beginObject().put("bytes", hex(bytes));
        json.put("canonical", vector.mark() == '=').beginArray("packets").add(fields.endObject());
        out.add(json.endArray().endObject());
      }
    }
    return out;
  }

  private static boolean isBareHeader(GoldenVectors.Vector vector) {
    return vector.reading().startsWith("data ");
  }

  private static JsonText dropped(byte[] bytes, String reason, boolean zeros) {
    JsonText json = new JsonText().beginObject();
    if (zeros) {
      json.put("zeros", bytes.length);
      assertEquals(DropReason.valueOf(reason), PacketHeader.check(bytes, 0, bytes.length));
    } else {
      json.put("bytes", hex(bytes));
    }
    return json.put("drop", reason).endObject();
  }

  private static DropReason read(byte[] in, @Nullable JsonText to) {
    DropReason reason = PacketHeader.check(in, 0, in.length);
    if (reason != DropReason.NONE) {
      return reason;
    }
    return switch (PacketHeader.kind(in[0])) {
      case PacketHeader.FIRST_MESSAGE -> first(in, to);
      case PacketHeader.SECOND_MESSAGE -> second(in, to);
      case PacketHeader.THIRD_MESSAGE -> third(in, to);
      case PacketHeader.CONTROL -> control(in, to);
      default -> throw new AssertionError("a whole data packet stands in keys.json");
    };
  }

  private static DropReason first(byte[] in, @Nullable JsonText to) {
    FirstMessagePacket packet = new FirstMessagePacket();
    DropReason reason = packet.check(in, 0, in.length);
    if (reason == DropReason.NONE && to != null) {
      to.put("packet", "M1").put("version", "%08x".formatted(packet.version()));
      to.put("suite", packet.suite()).put("connectionId", id(packet.initiatorConnectionId()));
      to.put("cookie", hex(in, packet.cookieFrom(), packet.cookieLength()));
      to.put("body", hex(in, packet.bodyFrom(), packet.bodyLength()));
    }
    return reason;
  }

  private static DropReason second(byte[] in, @Nullable JsonText to) {
    SecondMessagePacket packet = new SecondMessagePacket();
    DropReason reason = packet.check(in, 0, in.length);
    if (reason == DropReason.NONE && to != null) {
      to.put("packet", "M2").put("initiatorId", id(packet.destinationConnectionId()));
      to.put("responderId", id(packet.responderConnectionId()));
      to.put("body", hex(in, packet.bodyFrom(), packet.bodyLength()));
    }
    return reason;
  }

  private static DropReason third(byte[] in, @Nullable JsonText to) {
    ThirdMessagePacket packet = new ThirdMessagePacket();
    DropReason reason = packet.check(in, 0, in.length);
    if (reason == DropReason.NONE && to != null) {
      to.put("packet", "M3").put("connectionId", id(packet.destinationConnectionId()));
      to.put("body", hex(in, packet.bodyFrom(), packet.bodyLength()));
      to.put("data", hex(in, packet.dataFrom(), packet.dataLength()));
    }
    return reason;
  }

  private static DropReason control(byte[] in, @Nullable JsonText to) {
    ControlPacket packet = new ControlPacket();
    DropReason reason = packet.check(in, 0, in.length);
    if (reason != DropReason.NONE || to == null) {
      return reason;
    }
    to.put("packet", "control").put("kind", packet.kind());
    to.put("connectionId", id(packet.connectionId()));
    switch (packet.kind()) {
      case ControlPacket.RETRY ->
          to.put("cookie", hex(in, packet.cookieFrom(), packet.cookieLength()));
      case ControlPacket.VERSIONS -> {
        to.beginArray("versions");
        for (int i = 0; i < packet.versionCount(); i++) {
          String version = "%08x".formatted(packet.version(i));
          to.add(new JsonText().beginObject().put("version", version).endObject());
        }
        to.endArray();
      }
      case ControlPacket.REFUSED -> integer(to, "code", packet.code());
      default -> to.put("echo", hex(in, packet.echoFrom(), packet.echoLength()));
    }
    return reason;
  }
}
