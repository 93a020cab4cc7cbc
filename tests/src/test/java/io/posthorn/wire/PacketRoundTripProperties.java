package io.posthorn.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.wire.PacketSample.Span;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;

/**
 * Packets of every kind: their fields come back as they were written; cut short they are dropped
 * for the reason that PROTOCOL.md §13.2 names; changed they are dropped, or differ where they were
 * changed and nowhere else. Whatever the bytes, the code reads what the text says.
 */
class PacketRoundTripProperties {
  /**
   * A change of one byte.
   *
   * @param span in which part of the packet, counted round
   * @param index which byte of it, counted round
   * @param xor what is changed in it
   */
  record Change(int span, int index, int xor) {}

  @Provide
  Arbitrary<PacketSample> packets() {
    return PacketSample.any();
  }

  @Provide
  Arbitrary<List<Change>> changes() {
    return Combinators.combine(
            Arbitraries.integers().between(0, 40),
            Arbitraries.integers().between(0, 1_199),
            Arbitraries.integers().between(1, 255))
        .as(Change::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(4);
  }

  @Property(tries = 2000)
  void everyFieldReadsBackAsWritten(@ForAll("packets") PacketSample packet) {
    PacketReading reading = PacketReading.read(packet.bytes());
    assertEquals(DropReason.NONE, reading.reason());
    assertEquals(packet.fields(), reading.fields());
  }

  @Property(tries = 500)
  void everyTruncationIsDroppedForItsReason(@ForAll("packets") PacketSample packet) {
    for (int length = 0; length < packet.bytes().length; length++) {
      byte[] cut = Arrays.copyOf(packet.bytes(), length);
      PacketReading reading = PacketReading.byTheCode(cut, 0, length);
      assertEquals(reasonOf(packet, length), reading.reason(), "the first " + length + " bytes");
      if (reading.reason() == DropReason.NONE) {
        for (Map.Entry<String, String> field : reading.fields().entrySet()) {
          String written = packet.fields().get(field.getKey());
          assertTrue(written != null && written.startsWith(field.getValue()), field.toString());
        }
      }
    }
  }

  /**
   * PROTOCOL.md §13.2, for a packet that is cut short. What has no length of its own cannot be told
   * from a shorter one by its layout: data packets, alone or behind M3, which no key opens then,
   * and the bytes that a hint repeats.
   */
  private static DropReason reasonOf(PacketSample packet, int length) {
    if (length == 0) {
      return DropReason.EMPTY;
    }
    if (length < PacketReading.smallest(packet.type())) {
      return DropReason.TOO_SHORT;
    }
    return switch (packet.kind()) {
      case "M1" -> DropReason.UNDERSIZED_FIRST_MESSAGE;
      case "M3" -> {
        int behind = length - packet.span("body").to();
        yield behind == 0 || behind >= 14 ? DropReason.NONE : DropReason.MALFORMED_HANDSHAKE;
      }
      case "control 4" ->
          length - packet.span("echo").from() >= 9
              ? DropReason.NONE
              : DropReason.MALFORMED_HANDSHAKE;
      case "data" -> DropReason.NONE;
      default -> DropReason.MALFORMED_HANDSHAKE;
    };
  }

  @Property(tries = 5000, edgeCases = EdgeCasesMode.NONE)
  void aChangedPacketIsDroppedOrDiffersWhereItWasChanged(
      @ForAll("packets") PacketSample packet, @ForAll("changes") List<Change> changes) {
    byte[] changed = packet.bytes().clone();
    for (Change change : changes) {
      Span span = packet.spans().get(change.span % packet.spans().size());
      changed[span.from() + change.index % (span.to() - span.from())] ^= (byte) change.xor;
    }
    PacketReading reading = PacketReading.read(changed);
    if (reading.reason() == DropReason.NONE) {
      differsWhereChanged(packet, changed, reading);
    }
  }

  private static void differsWhereChanged(
      PacketSample packet, byte[] changed, PacketReading reading) {
    Set<String> touched = new LinkedHashSet<>();
    int governed = Integer.MAX_VALUE; // from where on the layout may be another
    for (int i = 0; i < changed.length; i++) {
      if (changed[i] != packet.bytes()[i]) {
        Span span = packet.spanAt(i);
        touched.add(span.field());
        governed = span.governs() ? Math.min(governed, i) : governed;
      }
    }
    for (Span span : packet.spans()) {
      String field = span.field();
      if (field.isEmpty() || span.from() > governed) {
        continue;
      }
      String before = packet.fields().get(field);
      if (touched.contains(field)) {
        assertNotEquals(before, reading.fields().get(field), field);
      } else {
        assertEquals(before, reading.fields().get(field), field);
      }
    }
    if (governed == Integer.MAX_VALUE) {
      assertEquals(packet.fields().keySet(), reading.fields().keySet());
    }
  }

  @Property(tries = 5000)
  void anyBytesAreReadAsTheTextSays(
      @ForAll @Size(max = 100) byte[] head, @ForAll("lengths") int length) {
    byte[] packet = Arrays.copyOf(head, length);
    if (length > 0 && head.length % 4 != 0) {
      packet[0] = (byte) (4 + (packet[0] & 0xff) % 12);
    }
    if (length > 1 && packet[0] == 7) {
      packet[1] = (byte) ((packet[1] & 0xff) % 6);
    }
    PacketReading.read(packet);
  }

  @Provide
  Arbitrary<Integer> lengths() {
    return Arbitraries.oneOf(
        Arbitraries.integers().between(0, 60),
        Arbitraries.integers().between(0, 1_300),
        Arbitraries.integers().between(65_500, 65_515));
  }
}
