package io.posthorn.protocol.handshake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.wire.VarInt;
import io.posthorn.wire.WireLimits;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;

/**
 * PROTOCOL.md §7: what is announced is what is read, at and around every limit; and whatever bytes
 * come, they are read as the table there says, or refused.
 */
class TransportParametersProperties {
  private static final byte CANARY = 0x5a;
  private static final int MARGIN = 5;

  /** A row of the table whose value is a number. */
  private record NumberRow(
      int id,
      long least,
      long most,
      long ifAbsent,
      ToLongFunction<TransportParameters> get,
      BiConsumer<TransportParameters, Long> set) {}

  private static final List<NumberRow> NUMBERS =
      List.of(
          new NumberRow(
              0x04,
              1,
              (1L << 32) - 1,
              30_000,
              p -> p.maxIdleTimeoutMillis,
              (p, v) -> p.maxIdleTimeoutMillis = v),
          new NumberRow(
              0x05,
              0,
              (1L << 24) - 1,
              25_000,
              p -> p.maxAckDelayMicros,
              (p, v) -> p.maxAckDelayMicros = v),
          new NumberRow(
              0x06,
              0,
              (1L << 56) - 1,
              0,
              p -> p.initialMaxChannelDataBytes,
              (p, v) -> p.initialMaxChannelDataBytes = v),
          new NumberRow(0x07, 1, 64, 64, p -> p.maxChannels, (p, v) -> p.maxChannels = v),
          new NumberRow(
              0x08,
              0,
              VarInt.MAX_VALUE,
              0,
              p -> p.initialMaxMessages,
              (p, v) -> p.initialMaxMessages = v),
          new NumberRow(
              0x09,
              0,
              VarInt.MAX_VALUE,
              0,
              p -> p.initialMaxMessageDataBytes,
              (p, v) -> p.initialMaxMessageDataBytes = v),
          new NumberRow(
              0x0a,
              0,
              (1L << 40) - 1,
              0,
              p -> p.maxWholeMessageBytes,
              (p, v) -> p.maxWholeMessageBytes = v),
          new NumberRow(
              0x0b,
              1_200,
              65_507,
              65_507,
              p -> p.maxUdpPayloadBytes,
              (p, v) -> p.maxUdpPayloadBytes = v),
          new NumberRow(
              0x0c,
              1_200,
              (1L << 40) - 1,
              65_536,
              p -> p.receiveBufferBytes,
              (p, v) -> p.receiveBufferBytes = v),
          new NumberRow(
              0x0d,
              2,
              VarInt.MAX_VALUE,
              2,
              p -> p.activeConnectionIdLimit,
              (p, v) -> p.activeConnectionIdLimit = v),
          new NumberRow(
              0x0f,
              0,
              65_507,
              0,
              p -> p.maxDatagramMessageBytes,
              (p, v) -> p.maxDatagramMessageBytes = v));

  /** A number by its id. */
  private static @Nullable NumberRow number(long id) {
    return NUMBERS.stream().filter(each -> each.id == id).findFirst().orElse(null);
  }

  /** What stands in parameters, by id; bytes in hexadecimal. */
  private static Map<Long, String> values(TransportParameters p) {
    Map<Long, String> values = new TreeMap<>();
    values.put(0x01L, "%016x".formatted(p.connectionId));
    values.put(0x02L, "%016x".formatted(p.instanceId));
    values.put(0x03L, hex(p.resetToken));
    values.put(0x0eL, hex(p.registrationFingerprint));
    values.put(0x10L, hex(p.application));
    for (NumberRow number : NUMBERS) {
      values.put((long) number.id, String.valueOf(number.get.applyAsLong(p)));
    }
    return values;
  }

  private static String hex(byte @Nullable [] bytes) {
    return bytes == null ? "none" : HexFormat.of().formatHex(bytes);
  }

  /** The parameters that some bytes hold, read by the table in the plainest code; null: refused. */
  private static @Nullable Map<Long, String> byTheText(byte[] in) {
    if (in.length < 20 || in[0] != 1 || in[1] != 8 || in[10] != 2 || in[11] != 8) {
      return null; // the two ids, with id and length in one byte each
    }
    Map<Long, String> values = new TreeMap<>();
    for (NumberRow number : NUMBERS) {
      values.put((long) number.id, String.valueOf(number.ifAbsent));
    }
    for (long bytes : new long[] {0x03, 0x0e, 0x10}) {
      values.put(bytes, "none");
    }
    long before = -1;
    int at = 0;
    while (at < in.length) {
      long id = VarInt.read(in, at, in.length);
      if (id <= before) {
        return null;
      }
      at += VarInt.lengthOfFirstByte(in[at]);
      long length = VarInt.read(in, at, in.length);
      at += length < 0 ? 0 : VarInt.lengthOfFirstByte(in[at]);
      if (length < 0 || length > in.length - at) {
        return null;
      }
      byte[] value = Arrays.copyOfRange(in, at, at + (int) length);
      at += (int) length;
      before = id;
      if (id >= 0x01 && id <= 0x10) {
        String text = value(id, value);
        if (text == null) {
          return null;
        }
        values.put(id, text);
      }
    }
    return values;
  }

  private static @Nullable String value(long id, byte[] value) {
    NumberRow number = number(id);
    if (number != null) {
      long read = VarInt.read(value, 0, value.length);
      boolean whole = value.length > 0 && VarInt.lengthOfFirstByte(value[0]) == value.length;
      return whole && read >= number.least && read <= number.most ? String.valueOf(read) : null;
    }
    int least = id == 0x03 ? 16 : id == 0x0e ? 32 : id == 0x10 ? 1 : 8;
    int most = id == 0x10 ? 64 : least;
    return value.length >= least && value.length <= most ? hex(value) : null;
  }

  private static @Nullable Map<Long, String> decoded(byte[] bytes) {
    TransportParameters read = TransportParameters.decode(bytes, 0, bytes.length);
    byte[] amid = new byte[MARGIN + bytes.length + 70];
    Arrays.fill(amid, CANARY);
    System.arraycopy(bytes, 0, amid, MARGIN, bytes.length);
    TransportParameters again = TransportParameters.decode(amid, MARGIN, bytes.length);
    Map<Long, String> values = read == null ? null : values(read);
    assertEquals(values, again == null ? null : values(again), "what stands around is not read");
    return values;
  }

  private static byte[] encoded(TransportParameters parameters) {
    byte[] out = new byte[MARGIN + WireLimits.MAX_PARAMETERS_BYTES + MARGIN];
    Arrays.fill(out, CANARY);
    int length = parameters.encode(out, MARGIN);
    assertTrue(length <= WireLimits.MAX_PARAMETERS_BYTES);
    for (int i = 0; i < out.length; i++) {
      assertTrue(out[i] == CANARY || (i >= MARGIN && i < MARGIN + length), "written beyond");
    }
    return Arrays.copyOfRange(out, MARGIN, MARGIN + length);
  }

  private static byte @Nullable [] bytes(Random random, int length) {
    if (length == 0) {
      return null;
    }
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  /** Within the ranges of the table, their ends preferred; what is optional may be absent. */
  @Provide
  Arbitrary<TransportParameters> parameters() {
    List<Arbitrary<Long>> values =
        NUMBERS.stream()
            .map(
                number ->
                    Arbitraries.frequencyOf(
                        Tuple.of(1, Arbitraries.of(number.least, number.ifAbsent, number.most)),
                        Tuple.of(2, Arbitraries.longs().between(number.least, number.most))))
            .toList();
    Arbitrary<Long> ids = Arbitraries.longs();
    return Combinators.combine(
            Combinators.combine(values).as(List::copyOf),
            ids,
            ids,
            Arbitraries.of(0, 16),
            Arbitraries.of(0, 32),
            Arbitraries.integers().between(0, 64),
            Arbitraries.randomValue(Random::nextLong))
        .as(
            (numbers, id, instance, token, fingerprint, application, seed) -> {
              Random random = new Random(seed);
              TransportParameters parameters = new TransportParameters();
              for (int i = 0; i < numbers.size(); i++) {
                NUMBERS.get(i).set.accept(parameters, numbers.get(i));
              }
              parameters.connectionId = id;
              parameters.instanceId = instance;
              parameters.resetToken = bytes(random, token);
              parameters.registrationFingerprint = bytes(random, fingerprint);
              parameters.application = bytes(random, application);
              return parameters;
            });
  }

  @Property(tries = 2000)
  void everyFieldReadsBackAsWritten(@ForAll("parameters") TransportParameters parameters) {
    byte[] bytes = encoded(parameters);
    assertEquals(values(parameters), decoded(bytes));
    assertEquals(values(parameters), byTheText(bytes));
  }

  @Provide
  Arbitrary<NumberRow> limited() {
    return Arbitraries.of(NUMBERS);
  }

  @Property(tries = 1000)
  void aNumberBeyondItsRangeIsRefused(
      @ForAll("parameters") TransportParameters parameters,
      @ForAll("limited") NumberRow number,
      @ForAll long any,
      @ForAll @IntRange(max = 3) int which) {
    List<Long> beyond =
        Stream.of(
                number.least - 1,
                number.most + 1,
                Math.floorMod(any, number.least + 1) - 1,
                number.most + 1 + Math.floorMod(any, VarInt.MAX_VALUE - number.most + 1))
            .filter(value -> value >= 0 && value <= VarInt.MAX_VALUE)
            .filter(value -> value < number.least || value > number.most)
            .toList();
    if (beyond.isEmpty()) {
      return; // every varint will do
    }
    number.set.accept(parameters, beyond.get(which % beyond.size()));
    assertNull(decoded(encoded(parameters)));
  }

  @Property(tries = 500)
  void cutShortTheyAreRefusedOrWithoutTheLast(
      @ForAll("parameters") TransportParameters parameters) {
    byte[] bytes = encoded(parameters);
    Map<Long, String> absent = values(new TransportParameters());
    int whole = 0;
    for (int length = 0; length < bytes.length; length++) {
      Map<Long, String> read = decoded(Arrays.copyOf(bytes, length));
      assertEquals(byTheText(Arrays.copyOf(bytes, length)), read);
      if (read != null) {
        whole++;
        long last = lastId(bytes, length);
        values(parameters)
            .forEach(
                (id, value) -> assertEquals(id <= last ? value : absent.get(id), read.get(id)));
      }
    }
    assertTrue(whole >= NUMBERS.size(), "boundaries: " + whole);
  }

  /** The id of the last parameter that ends within so many bytes. */
  private static long lastId(byte[] bytes, int length) {
    long id = -1;
    for (int at = 0; at < length; ) {
      id = VarInt.read(bytes, at, length);
      at += VarInt.lengthOfFirstByte(bytes[at]);
      long value = VarInt.read(bytes, at, length);
      at += VarInt.lengthOfFirstByte(bytes[at]) + (int) value;
    }
    return id;
  }

  @Property(tries = 5000)
  void aChangedByteIsRefusedOrChangesItsOwnParameterAlone(
      @ForAll("parameters") TransportParameters parameters,
      @ForAll @IntRange(max = WireLimits.MAX_PARAMETERS_BYTES) int where,
      @ForAll @IntRange(min = 1, max = 255) int xor) {
    byte[] bytes = encoded(parameters);
    int index = where % bytes.length;
    byte[] changed = bytes.clone();
    changed[index] ^= (byte) xor;
    Map<Long, String> read = decoded(changed);
    assertEquals(byTheText(changed), read);
    if (read == null) {
      return;
    }
    long owner = -1;
    boolean inValue = false;
    for (int at = 0; at <= index; ) {
      owner = VarInt.read(bytes, at, bytes.length);
      int length = (int) VarInt.read(bytes, at + 1, bytes.length);
      inValue = index >= at + 2;
      at += 2 + length; // ids and lengths of this version take a byte each
    }
    if (inValue) {
      Map<Long, String> before = values(parameters);
      long own = owner;
      before.forEach(
          (id, value) -> assertEquals(id != own, value.equals(read.get(id)), "id " + id));
    }
  }

  @Property(tries = 5000)
  void anyBytesAreReadAsTheTextSays(@ForAll("texts") byte[] bytes) {
    assertEquals(byTheText(bytes), decoded(bytes));
  }

  /**
   * Ids in order and lengths that fit, or nearly; with bytes alone nearly all would end at once.
   */
  @Provide
  Arbitrary<byte[]> texts() {
    Arbitrary<byte[]> parameter =
        Combinators.combine(
                Arbitraries.integers().between(0, 2),
                Arbitraries.of(0, 1, 2, 4, 8, 8, 16, 32, 64),
                Arbitraries.randomValue(Random::nextLong))
            .as(
                (step, length, seed) -> {
                  byte[] bytes = new byte[2 + length];
                  Random random = new Random(seed);
                  random.nextBytes(bytes);
                  bytes[0] = step.byteValue();
                  bytes[1] = (byte) (length + (random.nextInt(16) == 0 ? 1 : 0));
                  if (length == 1 || length == 2 || length == 4 || length == 8) {
                    int prefix = Integer.numberOfTrailingZeros(length) << 6;
                    bytes[2] = (byte) ((bytes[2] & 0x3f) | prefix);
                  }
                  return bytes;
                });
    Arbitrary<Boolean> begun = Arbitraries.of(true, true, true, false);
    Arbitrary<byte[]> rows =
        Combinators.combine(begun, parameter.list().ofMaxSize(18))
            .as(
                (withIds, list) -> {
                  ByteArrayOutputStream out = new ByteArrayOutputStream();
                  int id = 0;
                  if (withIds) {
                    out.writeBytes(HexFormat.of().parseHex("0108" + "11".repeat(8)));
                    out.writeBytes(HexFormat.of().parseHex("0208" + "22".repeat(8)));
                    id = 2;
                  }
                  for (byte[] each : list) {
                    id += each[0];
                    out.write(id);
                    out.write(each, 1, each.length - 1);
                  }
                  return out.toByteArray();
                });
    return Arbitraries.oneOf(rows, Arbitraries.bytes().array(byte[].class).ofMaxSize(200));
  }

  @Property(tries = 500)
  void laterParametersAreSkipped(
      @ForAll("parameters") TransportParameters parameters,
      @ForAll @IntRange(min = 0x11, max = 100_000) int later,
      @ForAll @IntRange(max = 100) int length) {
    byte[] bytes = encoded(parameters);
    byte[] longer = Arrays.copyOf(bytes, bytes.length + 4 + 2 + length);
    int at = bytes.length;
    at += VarInt.write(longer, at, later);
    at += VarInt.write(longer, at, length);
    Map<Long, String> read = decoded(Arrays.copyOf(longer, at + length));
    assertNotNull(read);
    assertEquals(values(parameters), read);
  }
}
