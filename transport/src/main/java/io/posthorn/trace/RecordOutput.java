package io.posthorn.trace;

/** Where the records of a trace go; never waits. */
@FunctionalInterface
public interface RecordOutput {
  /**
   * Takes one record whole, or leaves it whole.
   *
   * @param bytes borrowed for the call
   * @return whether it was taken
   */
  boolean write(byte[] bytes, int from, int length);
}
