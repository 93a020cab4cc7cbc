package io.posthorn.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Registration;
import com.esotericsoftware.kryo.io.KryoBufferOverflowException;
import java.nio.ByteBuffer;
import java.util.Collection;

/** One Kryo with its buffers, for one thread at a time. */
final class KryoWorker {
  /** Output that is kept for the next value; after a larger one the worker starts small again. */
  private static final int KEPT_BYTES = 64 * 1024;

  private final int maxBodyBytes;
  private final Meter meter;
  private final Kryo kryo;
  private final BoundedInput in;
  private BoundedOutput out;

  KryoWorker(Collection<RegisteredClass> classes, Meter meter, int maxDepth, int maxBodyBytes) {
    this.maxBodyBytes = maxBodyBytes;
    this.meter = meter;
    this.in = new BoundedInput(meter);
    this.out = new BoundedOutput(meter, maxBodyBytes);
    RegisteredClassResolver resolver = new RegisteredClassResolver();
    this.kryo = new Kryo(resolver, null);
    kryo.setRegistrationRequired(true);
    kryo.setMaxDepth(maxDepth);
    kryo.setOptimizedGenerics(false);
    for (RegisteredClass registered : classes) {
      kryo.register(new Registration(registered.type(), registered.serializer(), registered.id()));
    }
    resolver.complete();
  }

  byte[] write(Object value) {
    meter.startWriting();
    out.reset();
    try {
      kryo.writeClassAndObject(out, value);
      meter.finishWriting(out.position());
      return out.toBytes();
    } catch (KryoBufferOverflowException e) {
      throw new Refusal(
          new CodecException.TooLarge(
              "the value takes more than "
                  + maxBodyBytes
                  + " bytes: send it in parts, or raise maxBodyBytes on both sides"));
    } finally {
      if (out.capacityBytes() > KEPT_BYTES) {
        out = new BoundedOutput(meter, maxBodyBytes);
      }
    }
  }

  Object read(ByteBuffer body) {
    int bytes = body.remaining();
    meter.startReading(bytes);
    if (body.hasArray()) {
      in.setBuffer(body.array(), body.arrayOffset() + body.position(), bytes);
    } else {
      byte[] copy = new byte[bytes];
      body.duplicate().get(copy);
      in.setBuffer(copy);
    }
    try {
      Object value = kryo.readClassAndObject(in);
      if (value == null) {
        throw new Refusal(new CodecException.Malformed("a body that holds no value"));
      }
      if (in.remaining() > 0) {
        throw new Refusal(
            new CodecException.TrailingBytes(
                in.remaining() + " bytes follow the value in a body of " + bytes + " bytes"));
      }
      return value;
    } finally {
      in.forget();
    }
  }
}
