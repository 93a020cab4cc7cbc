package io.posthorn.codec;

import com.esotericsoftware.kryo.Serializer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * Objects as bodies by Kryo, for bytes that come from a network: each class is registered under an
 * id that both sides agree on, and a body can neither name a class, nor make the reader recurse
 * past {@link Builder#maxDepth}, nor allocate more than four times its size plus {@link
 * Builder#allocationAllowanceBytes}, nor take time by more than its size (times the depth and a
 * constant).
 *
 * <pre>{@code
 * record Point(int x, int y) {}
 *
 * Codec<Point> codec = KryoCodec.builder(Point.class).register(10, Point.class).build();
 * byte[] body = codec.encode(new Point(3, 4));
 * Point point = codec.decode(ByteBuffer.wrap(body));
 * }</pre>
 *
 * <p>Primitives, strings, arrays of them, the usual collections and maps, {@code Optional…}, {@code
 * java.time}, {@code UUID}, {@code BigInteger}, {@code BigDecimal}, {@code BitSet} and {@code Date}
 * are there from the start. Other classes are registered: records, enums, arrays, classes with a
 * constructor without arguments, and anything else with a serializer. Unmodifiable collections of
 * every kind come back as {@link Collections#unmodifiableList} and its like. An object that is
 * referred to twice is sent twice; a cycle is refused. Sets and maps cannot be part of an element
 * of a hash set or of a key of a hash map, and only 256 of these may share a hash code, or fewer
 * where comparing each with the others goes through more than 32 times the body and 1 MiB. A {@code
 * BigDecimal} has a scale of at most 1,000, and where it is an element of a set or a key of a map,
 * or part of one, at most 100 and at most 64 bytes of digits: comparing larger ones costs too much.
 *
 * <p>A body concerns itself alone, whatever the constructors, serializers and key comparisons of
 * registered classes throw when they meet its values: exceptions, failed assertions, classes that
 * do not load, a full stack or heap, each ends in a {@link CodecException} with it as the cause.
 * Only errors by which the JVM says that it is broken, and {@code ThreadDeath}, leave {@link
 * #decode} as they are.
 *
 * <p>A value that the other side would refuse for one of the limits is refused when it is encoded,
 * provided that both sides have the same limits.
 *
 * <p>Memory is counted as the JVM lays it out with compressed pointers. Not counted: what
 * constructors and serializers of registered classes allocate on their own; one copy of a body
 * whose buffer has no accessible array; two bytes for each character of a string beyond ASCII,
 * which passes through an array; and the exception of a refusal.
 *
 * <p>Safe for any number of threads, virtual ones too: each call borrows one of a few Kryo
 * instances, and makes a new one when all are lent out; it never waits.
 *
 * <p>Kryo itself looks for {@code sun.misc.Unsafe} when it is loaded, of which JDK 24 and later
 * warn on stderr. This class uses none of it; to silence the warning, start the JVM with {@code
 * -Dkryo.unsafe=false}, or set that property before the first codec is built.
 *
 * @param <T> the type of the values
 */
public final class KryoCodec<T> implements Codec<T> {
  private static final String FORMAT = "posthorn-kryo 1";

  private final Class<T> root;
  private final List<RegisteredClass> classes;
  private final Registrations registrations;
  private final int maxDepth;
  private final int maxBodyBytes;
  private final int maxCollectionLength;
  private final long allocationAllowanceBytes;

  /** Idle workers. A worker is in here or in the hands of one thread. */
  private final BlockingQueue<KryoWorker> idle;

  private KryoCodec(Builder<T> builder) {
    root = builder.root;
    maxDepth = builder.maxDepth;
    maxBodyBytes = builder.maxBodyBytes;
    maxCollectionLength = builder.maxCollectionLength;
    allocationAllowanceBytes = builder.allocationAllowanceBytes;
    classes = new ArrayList<>(StandardClasses.all());
    classes.addAll(builder.classes.values());
    SortedMap<Integer, String> lines = new TreeMap<>();
    for (RegisteredClass each : classes) {
      lines.put(each.id(), each.type().getTypeName() + " " + each.shape());
    }
    registrations = Registrations.of(FORMAT + " " + root.getTypeName(), lines);
    idle = new ArrayBlockingQueue<>(2 * Runtime.getRuntime().availableProcessors());
    idle.add(newWorker()); // a mistake in the registrations shows now
  }

  /**
   * Starts a codec.
   *
   * @param root the class or interface that every value is an instance of; what is registered says
   *     which classes a value can have
   * @param <T> the type of the values
   * @return a builder with the default limits
   */
  public static <T> Builder<T> builder(Class<T> root) {
    return new Builder<>(root);
  }

  private KryoWorker newWorker() {
    Meter meter = new Meter(maxDepth, maxCollectionLength, allocationAllowanceBytes);
    return new KryoWorker(classes, meter, maxDepth, maxBodyBytes);
  }

  private KryoWorker borrow() {
    KryoWorker worker = idle.poll();
    return worker == null ? newWorker() : worker;
  }

  /**
   * Gives a worker back whose call ended as planned; after any other end it is left to the
   * collector.
   */
  private void giveBack(KryoWorker worker) {
    if (!idle.offer(worker)) {
      return; // enough are idle already
    }
  }

  @Override
  public byte[] encode(T value) throws CodecException {
    Object checked = Objects.requireNonNull(root.cast(value), "value");
    KryoWorker worker = borrow();
    try {
      byte[] body = worker.write(checked);
      giveBack(worker);
      return body;
    } catch (RuntimeException e) {
      Refusal refusal = Refusal.within(e);
      if (refusal != null) {
        giveBack(worker);
        throw refusal.reason();
      }
      throw isDepth(e)
          ? tooDeep(e)
          : new CodecException.NotEncodable(
              "a serializer failed with " + e.getClass().getName(), e);
    } catch (StackOverflowError e) {
      throw tooDeep(e);
    }
  }

  @Override
  public T decode(ByteBuffer body) throws CodecException {
    if (body.remaining() > maxBodyBytes) {
      throw new CodecException.TooLarge(
          "a body of "
              + body.remaining()
              + " bytes; the limit is "
              + maxBodyBytes
              + ": raise maxBodyBytes on both sides");
    }
    KryoWorker worker = borrow();
    try {
      Object value = worker.read(body);
      giveBack(worker);
      if (!root.isInstance(value)) {
        throw new CodecException.UnknownType(
            "the body holds a "
                + value.getClass().getTypeName()
                + " where a "
                + root.getTypeName()
                + " is expected");
      }
      body.position(body.limit());
      return root.cast(value);
    } catch (CodecException e) {
      throw e;
    } catch (Throwable e) { // errors too: see BodyFailure
      Refusal refusal = Refusal.within(e);
      if (refusal != null) {
        giveBack(worker);
        throw refusal.reason();
      }
      throw isDepth(e) ? tooDeep(e) : BodyFailure.of(e, "the body's contents are refused by ");
    }
  }

  /**
   * A stack that is full, or Kryo's own check of the depth, met when a user's serializer reads
   * nested objects by itself.
   */
  private static boolean isDepth(Throwable e) {
    String message = e.getMessage();
    return e instanceof StackOverflowError
        || (e instanceof RuntimeException
            && message != null
            && message.startsWith("Max depth exceeded"));
  }

  private CodecException tooDeep(Throwable cause) {
    return new Meter(maxDepth, maxCollectionLength, allocationAllowanceBytes).tooDeep(cause);
  }

  @Override
  public Registrations registrations() {
    return registrations;
  }

  /**
   * The registrations and limits of a codec. Limits are better the same on both sides: then a value
   * that one side encodes is one that the other side reads.
   *
   * @param <T> the type of the values
   */
  public static final class Builder<T> {
    private static final int FIRST_FREE_ID = 9;
    private static final int LAST_ID = 16_000;
    private static final int DEPTH_LIMIT = 256;

    private final Class<T> root;
    private final SortedMap<Integer, RegisteredClass> classes = new TreeMap<>();
    private int maxDepth = 16;
    private int maxBodyBytes = 1 << 20;
    private int maxCollectionLength = 1 << 16;
    private long allocationAllowanceBytes = 1 << 20;

    private Builder(Class<T> root) {
      this.root = root;
    }

    /**
     * Registers a record, an enum, an array class, or a class with a constructor without arguments,
     * whose fields that are not static or transient are sent.
     *
     * @param id 9 to 63 (one byte on the wire) or 128 to 16,000 (two bytes); the same on both sides
     * @param type the class, not a superclass or interface of it
     * @return this builder
     * @throws IllegalArgumentException when the id or the class is taken, or the class does not
     *     fit, with what to do about it
     */
    public Builder<T> register(int id, Class<?> type) {
      refuseTaken(id, type);
      classes.put(id, RegisteredClass.of(id, type));
      return this;
    }

    /**
     * Registers a class with a serializer. The serializer is used by many threads at once, so it
     * keeps no state in fields. It may read and write nested objects by {@code
     * kryo.readClassAndObject}. What it makes beside the object itself is not counted against the
     * allowance, unless it is read by the methods of the given input.
     *
     * @param id 9 to 63 (one byte on the wire) or 128 to 16,000 (two bytes); the same on both sides
     * @param type the class, not a superclass or interface of it
     * @param serializer one that extends {@code Serializer} itself: those that come with Kryo are
     *     refused, for they trust their input
     * @param <S> the class
     * @return this builder
     * @throws IllegalArgumentException when the id or the class is taken, or the serializer is one
     *     of Kryo's
     */
    public <S> Builder<T> register(int id, Class<S> type, Serializer<S> serializer) {
      refuseTaken(id, type);
      classes.put(id, RegisteredClass.of(id, type, serializer));
      return this;
    }

    private void refuseTaken(int id, Class<?> type) {
      boolean reserved = id >= StandardClasses.FIRST_ID && id <= StandardClasses.LAST_ID;
      if (id < FIRST_FREE_ID || id > LAST_ID || reserved) {
        throw new IllegalArgumentException(
            "class id "
                + id
                + " for "
                + type.getTypeName()
                + ": use 9 to 63 or 128 to 16000; the others are for classes of the JDK");
      }
      RegisteredClass sameId = classes.get(id);
      if (sameId != null) {
        throw new IllegalArgumentException(
            "class id "
                + id
                + " is given to both "
                + sameId.type().getTypeName()
                + " and "
                + type.getTypeName());
      }
      for (RegisteredClass each : classes.values()) {
        refuseSame(each, id, type);
      }
      for (RegisteredClass each : StandardClasses.all()) {
        refuseSame(each, id, type);
      }
    }

    private static void refuseSame(RegisteredClass taken, int id, Class<?> type) {
      if (taken.type() == type) {
        throw new IllegalArgumentException(
            type.getTypeName() + " is registered under both class id " + taken.id() + " and " + id);
      }
    }

    /**
     * How deep objects may nest, counting the root and every object, number and string on the way.
     *
     * @param depth 1 to 256; 16 by default
     * @return this builder
     */
    public Builder<T> maxDepth(int depth) {
      maxDepth = (int) inRange("maxDepth", depth, 1, DEPTH_LIMIT);
      return this;
    }

    /**
     * The largest body that is written or read.
     *
     * @param bytes 1 to 1 GiB; 1 MiB by default
     * @return this builder
     */
    public Builder<T> maxBodyBytes(int bytes) {
      maxBodyBytes = (int) inRange("maxBodyBytes", bytes, 1, 1 << 30);
      return this;
    }

    /**
     * The most elements of one collection, map or array of objects. Strings and arrays of
     * primitives are bounded by {@link #maxBodyBytes} alone.
     *
     * @param elements 0 to 2^30; 65,536 by default
     * @return this builder
     */
    public Builder<T> maxCollectionLength(int elements) {
      maxCollectionLength = (int) inRange("maxCollectionLength", elements, 0, 1 << 30);
      return this;
    }

    /**
     * The memory that one body may take beyond four times its size. Small objects take more than
     * that: a record of two small numbers is 3 bytes on the wire and about 80 in memory while it is
     * made, so the default suffices for some 13,000 of them in one message.
     *
     * @param bytes 0 to 2^40; 1 MiB by default
     * @return this builder
     */
    public Builder<T> allocationAllowanceBytes(long bytes) {
      allocationAllowanceBytes = inRange("allocationAllowanceBytes", bytes, 0, 1L << 40);
      return this;
    }

    private static long inRange(String option, long value, long least, long most) {
      if (value < least || value > most) {
        throw new IllegalArgumentException(option + " " + value + ": use " + least + " to " + most);
      }
      return value;
    }

    /**
     * Builds the codec; the builder can be used further.
     *
     * @return the codec
     * @throws IllegalArgumentException when no registered class is a {@code T}, so that no value
     *     could ever be encoded
     */
    public KryoCodec<T> build() {
      boolean possible = false;
      for (RegisteredClass each : StandardClasses.all()) {
        possible |= root.isAssignableFrom(each.boxedType());
      }
      for (RegisteredClass each : classes.values()) {
        possible |= root.isAssignableFrom(each.type());
      }
      if (!possible) {
        throw new IllegalArgumentException(
            "no registered class is a "
                + root.getTypeName()
                + ": add .register(id, "
                + root.getSimpleName()
                + ".class)");
      }
      return new KryoCodec<>(this);
    }
  }
}
