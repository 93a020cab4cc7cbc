package io.posthorn.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.io.Output;
import org.jspecify.annotations.Nullable;

/**
 * Kryo's output for one body, bounded in size. It charges the meter with what the reader will be
 * charged, so that a value the other side would refuse is refused here, where it can be mended.
 */
final class BoundedOutput extends Output {
  private static final int FIRST_BYTES = 512;

  private final Meter meter;

  BoundedOutput(Meter meter, int maxBodyBytes) {
    super(Math.min(FIRST_BYTES, maxBodyBytes), maxBodyBytes);
    this.meter = meter;
  }

  /** The output that a serializer of this package is given. */
  static BoundedOutput of(Output output) {
    if (output instanceof BoundedOutput bounded) {
      return bounded;
    }
    throw new Refusal(
        new CodecException.NotEncodable(
            "a serializer wrote a nested value to an output other than the one it was given"));
  }

  Meter meter() {
    return meter;
  }

  /** Bytes that this output holds on to. */
  int capacityBytes() {
    return capacity;
  }

  /** Writes a nested object of any registered class, or null. */
  void writeNested(Kryo kryo, @Nullable Object value) {
    meter.requireDepth(kryo.getDepth());
    kryo.writeClassAndObject(this, value);
  }

  void writeCollectionLength(int length) {
    meter.requireCollectionLength(length);
    writeVarInt(length, true);
  }

  @Override
  public void writeString(@Nullable String value) {
    if (value != null && !value.isEmpty()) {
      int chars = value.length();
      meter.charge(isAscii(value) ? MemoryCost.latin1(chars) : MemoryCost.utf16(chars));
    }
    super.writeString(value);
  }

  @Override
  public void writeAscii(@Nullable String value) {
    if (value != null && !value.isEmpty()) {
      meter.charge(2 * MemoryCost.latin1(value.length()));
    }
    super.writeAscii(value);
  }

  private static boolean isAscii(String value) {
    for (int i = 0; i < value.length(); i++) {
      if (value.charAt(i) > 0x7F) {
        return false;
      }
    }
    return true;
  }
}
