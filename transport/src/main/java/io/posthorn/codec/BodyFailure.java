package io.posthorn.codec;

/**
 * The border behind which a body is read, with constructors, serializers and key comparisons of the
 * application's classes: decides what a failure in there is.
 *
 * <p>A peer chooses the values that those are called with, so whatever they throw concerns one
 * message and becomes a {@link CodecException} with the failure as its cause, errors too:
 *
 * <ul>
 *   <li>{@link AssertionError}, and errors of the application's own: values refused
 *   <li>{@link LinkageError}, thus {@link ExceptionInInitializerError} and {@link
 *       NoClassDefFoundError}: a fault of this side's installation, but one that shows with bodies
 *       of that class alone
 *   <li>{@link StackOverflowError}: unwound when it gets here
 *   <li>{@link OutOfMemoryError}: as a rule one array too many, whose maker is unwound. A JVM that
 *       is to end or to leave a dump when memory runs out does so before anybody can catch it, and
 *       where not even the refusal can be allocated, that second error goes on to the caller
 * </ul>
 *
 * <p>Not of the body are {@link InternalError} and {@link UnknownError}, by which the JVM says that
 * it is broken, and {@code ThreadDeath}, by which somebody ends this thread. They go on as they
 * are.
 */
final class BodyFailure {
  private BodyFailure() {}

  /**
   * What a body's reader is to throw.
   *
   * @param failure anything that was caught
   * @param refusedBy words before the name of the failure's class
   * @return the refusal
   * @throws Error the failure, if it is not the body's
   */
  static CodecException of(Throwable failure, String refusedBy) {
    if (failure instanceof CodecException refusal) {
      return refusal;
    }
    if (failure instanceof OutOfMemoryError) {
      return new CodecException.TooLarge(
          "the body's contents take more memory than there is", failure);
    }
    if (failure instanceof StackOverflowError) {
      return new CodecException.TooDeep(
          "the body's contents nest deeper than the stack of this thread", failure);
    }
    if (failure instanceof VirtualMachineError broken) {
      throw broken;
    }
    if (isThreadDeath(failure)) {
      throw (Error) failure;
    }
    return new CodecException.Malformed(refusedBy + failure.getClass().getName(), failure);
  }

  /** By name: the class is to be removed from the JDK. */
  private static boolean isThreadDeath(Throwable failure) {
    return failure instanceof Error && failure.getClass().getName().equals("java.lang.ThreadDeath");
  }
}
