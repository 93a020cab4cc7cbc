package io.posthorn.simulation.checker;

/** All that holds of any history. */
public final class Checkers {
  private Checkers() {}

  /** What holds at any instant. */
  public static void checkSoFar(History history) {
    WholeChecker.check(history);
    OnceChecker.check(history);
    OrderChecker.check(history);
    HonestyChecker.checkSoFar(history);
  }

  /** What holds when all connections have ended. */
  public static void checkEnded(History history) {
    checkSoFar(history);
    HonestyChecker.check(history);
  }
}
