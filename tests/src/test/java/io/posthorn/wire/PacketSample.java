package io.posthorn.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/**
 * A packet with what was written into it, and where.
 *
 * @param kind its name
 * @param bytes the packet
 * @param fields what was written, named and noted as {@link PacketReading} does
 * @param spans its bytes from first to last
 */
record PacketSample(String kind, byte[] bytes, Map<String, String> fields, List<Span> spans) {
  private static final byte CANARY = 0x5a;
  private static final int MARGIN = 7;
  private static final int ROOM = 1_400;

  /**
   * A part of a packet.
   *
   * @param field which field it holds; empty for none that anybody reads
   * @param from its first byte
   * @param to behind its last
   * @param governs whether it says where and what the bytes behind it are
   */
  record Span(String field, int from, int to, boolean governs) {}

  @Override
  public String toString() {
    return kind + " " + fields;
  }

  int type() {
    return bytes[0];
  }

  Span spanAt(int index) {
    for (Span span : spans) {
      if (index >= span.from && index < span.to) {
        return span;
      }
    }
    throw new IllegalArgumentException("no byte " + index);
  }

  Span span(String field) {
    for (Span span : spans) {
      if (span.field.equals(field)) {
        return span;
      }
    }
    throw new IllegalArgumentException("no field " + field);
  }

  /** Writes a packet at an index of an array, and says how many bytes it has. */
  private interface Writing {
    int write(byte[] out, int from);
  }

  private static final class Builder {
    private final String kind;
    private final Map<String, String> fields = new LinkedHashMap<>();
    private final List<Span> spans = new ArrayList<>();
    private int at;

    Builder(String kind) {
      this.kind = kind;
      governing(1);
    }

    Builder governing(int length) {
      spans.add(new Span("", at, at + length, true));
      at += length;
      return this;
    }

    Builder padding(int length) {
      spans.add(new Span("", at, at + length, false));
      at += length;
      return this;
    }

    Builder field(String name, int length, String value) {
      fields.put(name, value);
      spans.add(new Span(name, at, at + length, false));
      at += length;
      return this;
    }

    /** A field that says what the bytes behind it are. */
    Builder governingField(String name, int length, String value) {
      fields.put(name, value);
      spans.add(new Span(name, at, at + length, true));
      at += length;
      return this;
    }

    Builder field(String name, byte[] value) {
      return field(name, value.length, PacketReading.hex(value));
    }

    Builder id(String name, long value) {
      return field(name, Long.BYTES, PacketReading.hex(value));
    }

    /** The packet; what stands around it must be as it was. */
    PacketSample written(Writing writing) {
      byte[] room = new byte[MARGIN + ROOM + MARGIN];
      Arrays.fill(room, CANARY);
      int length = writing.write(room, MARGIN);
      assertEquals(at, length, "bytes of " + kind);
      byte[] packet = Arrays.copyOfRange(room, MARGIN, MARGIN + length);
      Arrays.fill(room, MARGIN, MARGIN + length, CANARY);
      for (byte each : room) {
        assertEquals(CANARY, each, "written beyond " + kind);
      }
      spans.removeIf(span -> span.from == span.to);
      return new PacketSample(kind, packet, fields, spans);
    }
  }

  /** Of every kind, with values all over their ranges, their ends preferred. */
  static Arbitrary<PacketSample> any() {
    return Arbitraries.oneOf(
        first(),
        second(),
        third(),
        thirdWithData(),
        retry(),
        versions(),
        refused(),
        hint(),
        data());
  }

  private static Arbitrary<Long> ids() {
    return Arbitraries.longs();
  }

  private static Arbitrary<byte[]> bytes(int least, int most) {
    return Combinators.combine(
            Arbitraries.integers().between(least, most), Arbitraries.randomValue(r -> r.nextLong()))
        .as(
            (length, seed) -> {
              byte[] bytes = new byte[length];
              new Random(seed).nextBytes(bytes);
              return bytes;
            });
  }

  private static Arbitrary<PacketSample> first() {
    return Combinators.combine(
            Arbitraries.integers().between(0, 2), ids(), bytes(0, 64), bytes(32, 608))
        .as(
            (suite, id, cookie, body) ->
                new Builder("M1")
                    .field("version", 4, PacketReading.hex(0x50480001))
                    .field("suite", 1, PacketReading.hex(suite))
                    .id("id", id)
                    .governing(1)
                    .field("cookie", cookie)
                    .governing(2)
                    .field("body", body)
                    .padding(1_200 - 17 - cookie.length - body.length)
                    .written(
                        (out, at) ->
                            FirstMessagePacket.write(
                                out, at, suite, id, cookie, cookie.length, body, body.length)));
  }

  private static Arbitrary<PacketSample> second() {
    return Combinators.combine(ids(), ids(), bytes(32, 608))
        .as(
            (id, responder, body) ->
                new Builder("M2")
                    .id("id", id)
                    .id("responder", responder)
                    .governing(2)
                    .field("body", body)
                    .written(
                        (out, at) ->
                            SecondMessagePacket.write(out, at, id, responder, body, body.length)));
  }

  private static Arbitrary<PacketSample> third() {
    return Combinators.combine(ids(), bytes(24, 608))
        .as((id, body) -> third(id, body, new byte[0]));
  }

  private static Arbitrary<PacketSample> thirdWithData() {
    return Combinators.combine(ids(), bytes(24, 608), bytes(14, 500))
        .as(
            (id, body, data) -> {
              data[0] = (byte) (8 | (data[0] & 7));
              BigEndian.putLong(data, 1, id);
              return third(id, body, data);
            });
  }

  private static PacketSample third(long id, byte[] body, byte[] data) {
    return new Builder("M3")
        .id("id", id)
        .governing(2)
        .field("body", body)
        .field("data", data)
        .written(
            (out, at) -> {
              int length = ThirdMessagePacket.write(out, at, id, body, body.length);
              System.arraycopy(data, 0, out, at + length, data.length);
              return length + data.length;
            });
  }

  private static Builder control(int kind, long id) {
    return new Builder("control " + kind)
        .governingField("kind", 1, PacketReading.hex(kind))
        .id("id", id);
  }

  private static Arbitrary<PacketSample> retry() {
    return Combinators.combine(ids(), bytes(1, 64))
        .as(
            (id, cookie) ->
                control(1, id)
                    .governing(1)
                    .field("cookie", cookie)
                    .written(
                        (out, at) -> ControlPacket.writeRetry(out, at, id, cookie, cookie.length)));
  }

  /** Version 1 names one; a later one may name more, which are written by hand here. */
  private static Arbitrary<PacketSample> versions() {
    return Combinators.combine(
            ids(),
            Arbitraries.integers().list().ofMinSize(0).ofMaxSize(15),
            Arbitraries.of(true, false))
        .as(
            (id, more, ours) -> {
              List<Integer> all = new ArrayList<>(List.of(WireLimits.VERSION));
              all.addAll(ours ? List.of() : more);
              Builder builder = control(2, id).governing(1);
              for (int i = 0; i < all.size(); i++) {
                builder.field("version " + i, 4, PacketReading.hex(all.get(i)));
              }
              return builder.written(
                  (out, at) -> {
                    int length = ControlPacket.writeVersions(out, at, id);
                    out[at + 10] = (byte) all.size();
                    for (int i = 1; i < all.size(); i++) {
                      BigEndian.putInt(out, at + length, all.get(i));
                      length += 4;
                    }
                    return length;
                  });
            });
  }

  private static Arbitrary<PacketSample> refused() {
    return Combinators.combine(
            ids(), Arbitraries.of(CloseReason.class).filter(reason -> !reason.isLocal()))
        .as(
            (id, reason) ->
                control(3, id)
                    .field("code", 1, PacketReading.hex(reason.code()))
                    .written((out, at) -> ControlPacket.writeRefused(out, at, id, reason)));
  }

  private static Arbitrary<PacketSample> hint() {
    return Combinators.combine(ids(), bytes(20, 1_200))
        .as(
            (id, trigger) -> {
              trigger[0] = (byte) (8 | (trigger[0] & 7));
              BigEndian.putLong(trigger, 1, id);
              byte[] echo = Arrays.copyOf(trigger, Math.min(24, trigger.length - 11));
              return control(4, id)
                  .field("echo", echo)
                  .written(
                      (out, at) ->
                          ControlPacket.writeUnknownConnection(
                              out, at, trigger, 0, trigger.length));
            });
  }

  private static Arbitrary<PacketSample> data() {
    return Combinators.combine(
            ids(),
            Arbitraries.integers().between(0, 1),
            Arbitraries.longs().between(0, WireLimits.MAX_PACKET_NUMBER),
            Arbitraries.integers().between(1, 4),
            bytes(4, 600))
        .as(
            (id, phase, number, length, frames) -> {
              Builder builder = new Builder("data");
              builder.fields.put("phase", PacketReading.hex(phase));
              builder.fields.put("number length", PacketReading.hex(length));
              return builder
                  .id("id", id)
                  .field("number", length, PacketReading.hex(number & ((1L << (8 * length)) - 1)))
                  .field("frames", frames)
                  .written(
                      (out, at) -> {
                        int header = PacketHeader.writeData(out, at, id, phase, number, length);
                        System.arraycopy(frames, 0, out, at + header, frames.length);
                        return header + frames.length;
                      });
            });
  }
}
