package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.wire.DropReason;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** FAULTS 35, 47, 48, 50, 52 to 54, by the number: what {@link MutationSoak} does at length. */
class MutationTest {
  private static final int CHANGED = 12_000;
  private static final int SEALED = 1_200;

  @ParameterizedTest
  @ValueSource(longs = {0, 1})
  void changedDatagramsChangeNothingButCounters(long seed) {
    MutationSoak soak = new MutationSoak(seed);
    soak.changed(CHANGED);
    Map<DropReason, Long> dropped = soak.dropped();
    assertEquals(CHANGED, soak.taken() + sum(dropped), "each has its reason, or was taken");
    assertEquals(1, soak.connectionsMade());
    for (DropReason reason :
        Set.of(
            DropReason.AUTHENTICATION_FAILED,
            DropReason.UNKNOWN_CONNECTION,
            DropReason.TOO_SHORT,
            DropReason.MALFORMED_HANDSHAKE,
            DropReason.UNSUPPORTED_VERSION,
            DropReason.UNEXPECTED_HANDSHAKE)) {
      assertTrue(dropped.getOrDefault(reason, 0L) > 0, reason + " never came: " + dropped);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {2, 3})
  void whatIsChangedBeforeSealingEndsAConnectionAtMost(long seed) {
    MutationSoak soak = new MutationSoak(seed);
    soak.changedBeforeSealing(SEALED);
    assertEquals(SEALED, soak.taken() + sum(soak.dropped()));
    assertTrue(soak.connectionsMade() > 20, "too tame: " + soak.connectionsMade());
    assertTrue(soak.connectionsMade() < SEALED / 2, "too wild: " + soak.connectionsMade());
  }

  private static long sum(Map<DropReason, Long> dropped) {
    return dropped.values().stream().mapToLong(Long::longValue).sum();
  }
}
