package io.posthorn.cli.probe;

/**
 * Something that a check found.
 *
 * @param weight how much it matters
 * @param subject what was looked at
 * @param what what is the case
 * @param remedy what to do; empty where nothing needs to be done
 */
public record Finding(Weight weight, String subject, String what, String remedy) {
  /** How much a finding matters. */
  public enum Weight {
    /** As it should be. */
    GOOD,
    /** Works, and could be better. */
    NOTE,
    /** Will cause trouble. */
    BAD
  }

  static Finding good(String subject, String what) {
    return new Finding(Weight.GOOD, subject, what, "");
  }

  static Finding note(String subject, String what, String remedy) {
    return new Finding(Weight.NOTE, subject, what, remedy);
  }

  static Finding bad(String subject, String what, String remedy) {
    return new Finding(Weight.BAD, subject, what, remedy);
  }
}
