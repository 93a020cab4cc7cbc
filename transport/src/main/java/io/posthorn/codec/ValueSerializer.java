package io.posthorn.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;

/** A value without nested objects, which costs the same memory whatever it is. Stateless. */
final class ValueSerializer<T> extends Serializer<T> {
  /** Writes a value. */
  interface Writer<T> {
    void write(BoundedOutput out, T value);
  }

  /** Reads a value. */
  interface Reader<T> {
    T read(BoundedInput in);
  }

  private final long costBytes;
  private final Writer<T> writer;
  private final Reader<T> reader;

  /** A value of so many bytes of memory; 0 when the writer and the reader charge for themselves. */
  ValueSerializer(long costBytes, Writer<T> writer, Reader<T> reader) {
    super(false, true);
    this.costBytes = costBytes;
    this.writer = writer;
    this.reader = reader;
  }

  @Override
  public void write(Kryo kryo, Output output, T value) {
    BoundedOutput out = BoundedOutput.of(output);
    out.meter().charge(costBytes);
    writer.write(out, value);
  }

  @Override
  public T read(Kryo kryo, Input input, Class<? extends T> type) {
    BoundedInput in = BoundedInput.of(input);
    in.meter().charge(costBytes);
    return reader.read(in);
  }
}
