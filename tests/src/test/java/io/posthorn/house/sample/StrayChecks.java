package io.posthorn.house.sample;

import net.jqwik.api.Example;
import org.junit.jupiter.api.Test;

/** Tests that surefire never runs, for neither name is among its includes. */
public final class StrayChecks {
  @Test
  void wouldNotRun() {}

  /** A nested class without {@code @Nested}: its outer class's name would not help it. */
  public static final class Inner {
    @Example
    void wouldNotRunEither() {}
  }
}
