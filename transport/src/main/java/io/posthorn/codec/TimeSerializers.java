package io.posthorn.codec;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.MonthDay;
import java.time.OffsetDateTime;
import java.time.Period;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;

/** The values of java.time; its factories check the ranges. */
final class TimeSerializers {
  private static final long DATE_BYTES = MemoryCost.object(8);
  private static final long TIME_BYTES = MemoryCost.object(8);
  private static final long DATE_TIME_BYTES = MemoryCost.object(8) + DATE_BYTES + TIME_BYTES;

  /** An offset beside the cached quarter hours has a text and its rules made for it. */
  private static final long ODD_OFFSET_BYTES = 512;

  private static final int CACHED_OFFSET_SECONDS = 900;

  /** The zone itself, and what its rules compute for a date far in the future. */
  private static final long ZONE_BYTES = 512;

  /** Names of zones are short; the rules of each are loaded once. */
  private static final int ZONE_NAME_CHARS = 64;

  private TimeSerializers() {}

  static void addTo(SerializerAdder adder) {
    adder.add(
        102,
        Instant.class,
        new ValueSerializer<Instant>(
            MemoryCost.object(12),
            (out, v) -> {
              out.writeVarLong(v.getEpochSecond(), false);
              out.writeVarInt(v.getNano(), true);
            },
            in -> Instant.ofEpochSecond(in.readVarLong(false), in.readVarInt(true))));
    adder.add(
        103,
        Duration.class,
        new ValueSerializer<Duration>(
            MemoryCost.object(12),
            (out, v) -> {
              out.writeVarLong(v.getSeconds(), false);
              out.writeVarInt(v.getNano(), true);
            },
            in -> Duration.ofSeconds(in.readVarLong(false), in.readVarInt(true))));
    adder.add(
        104,
        Period.class,
        new ValueSerializer<Period>(
            MemoryCost.object(12),
            (out, v) -> {
              out.writeVarInt(v.getYears(), false);
              out.writeVarInt(v.getMonths(), false);
              out.writeVarInt(v.getDays(), false);
            },
            in -> Period.of(in.readVarInt(false), in.readVarInt(false), in.readVarInt(false))));
    adder.add(
        105,
        LocalDate.class,
        new ValueSerializer<>(DATE_BYTES, TimeSerializers::write, TimeSerializers::readDate));
    adder.add(
        106,
        LocalTime.class,
        new ValueSerializer<>(TIME_BYTES, TimeSerializers::write, TimeSerializers::readTime));
    adder.add(
        107,
        LocalDateTime.class,
        new ValueSerializer<>(
            DATE_TIME_BYTES, TimeSerializers::write, TimeSerializers::readDateTime));
    adder.add(
        108,
        ZoneOffset.class,
        new ValueSerializer<>(0, TimeSerializers::write, TimeSerializers::readOffset));
    adder.add(
        109,
        OffsetDateTime.class,
        new ValueSerializer<OffsetDateTime>(
            MemoryCost.object(8) + DATE_TIME_BYTES,
            (out, v) -> {
              write(out, v.toLocalDateTime());
              write(out, v.getOffset());
            },
            in -> OffsetDateTime.of(readDateTime(in), readOffset(in))));
    adder.add(
        110,
        regionClass(),
        new ValueSerializer<>(ZONE_BYTES, TimeSerializers::write, TimeSerializers::readZone));
    adder.add(
        111,
        ZonedDateTime.class,
        new ValueSerializer<ZonedDateTime>(
            MemoryCost.object(12) + 2 * DATE_TIME_BYTES + ZONE_BYTES,
            (out, v) -> {
              write(out, v.toLocalDateTime());
              write(out, v.getOffset());
              write(out, v.getZone());
            },
            // by the instant: the two sides may know different rules of a zone
            in -> ZonedDateTime.ofInstant(readDateTime(in), readOffset(in), readZone(in))));
    adder.add(
        112,
        Year.class,
        new ValueSerializer<Year>(
            MemoryCost.object(4),
            (out, v) -> out.writeVarInt(v.getValue(), false),
            in -> Year.of(in.readVarInt(false))));
    adder.add(
        113,
        YearMonth.class,
        new ValueSerializer<YearMonth>(
            MemoryCost.object(8),
            (out, v) -> {
              out.writeVarInt(v.getYear(), false);
              out.writeByte(v.getMonthValue());
            },
            in -> YearMonth.of(in.readVarInt(false), in.readByte())));
    adder.add(
        114,
        MonthDay.class,
        new ValueSerializer<MonthDay>(
            MemoryCost.object(8),
            (out, v) -> {
              out.writeByte(v.getMonthValue());
              out.writeByte(v.getDayOfMonth());
            },
            in -> MonthDay.of(in.readByte(), in.readByte())));
  }

  /** The hidden class of every zone that is not an offset. */
  private static Class<?> regionClass() {
    return ZoneId.of("UTC").getClass();
  }

  private static void write(BoundedOutput out, LocalDate value) {
    out.writeVarLong(value.toEpochDay(), false);
  }

  private static LocalDate readDate(BoundedInput in) {
    return LocalDate.ofEpochDay(in.readVarLong(false));
  }

  private static void write(BoundedOutput out, LocalTime value) {
    out.writeVarLong(value.toNanoOfDay(), true);
  }

  private static LocalTime readTime(BoundedInput in) {
    return LocalTime.ofNanoOfDay(in.readVarLong(true));
  }

  private static void write(BoundedOutput out, LocalDateTime value) {
    write(out, value.toLocalDate());
    write(out, value.toLocalTime());
  }

  private static LocalDateTime readDateTime(BoundedInput in) {
    return LocalDateTime.of(readDate(in), readTime(in));
  }

  private static void write(BoundedOutput out, ZoneOffset value) {
    out.meter().charge(offsetBytes(value.getTotalSeconds()));
    out.writeVarInt(value.getTotalSeconds(), false);
  }

  private static ZoneOffset readOffset(BoundedInput in) {
    int seconds = in.readVarInt(false);
    in.meter().charge(offsetBytes(seconds));
    return ZoneOffset.ofTotalSeconds(seconds);
  }

  private static long offsetBytes(int seconds) {
    return seconds % CACHED_OFFSET_SECONDS == 0 ? 0 : ODD_OFFSET_BYTES;
  }

  private static void write(BoundedOutput out, ZoneId value) {
    out.writeString(value.getId());
  }

  private static ZoneId readZone(BoundedInput in) {
    String name = in.readString();
    if (name == null || name.length() > ZONE_NAME_CHARS) {
      throw new Refusal(new CodecException.Malformed("a time zone without a proper name"));
    }
    return ZoneId.of(name);
  }
}
