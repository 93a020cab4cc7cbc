package io.posthorn.protocol.channel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.wire.WireLimits;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReceiveBudgetTest {
  @ParameterizedTest
  @CsvSource({
    "16777216, 4194304, false",
    "16777216, 4194304, true",
    "1048576, 262144, false",
    "1048576, 65536, true"
  })
  void theSharesStayUnderTheCeiling(long ceiling, long whole, boolean streaming) {
    ReceiveBudget budget = new ReceiveBudget(ceiling, whole, streaming);
    long spare = 0;
    for (long taken = budget.widen(0, 10_000); taken > 0; taken = budget.widen(0, 10_000)) {
      assertTrue(taken <= 10_000);
      spare += taken;
    }
    long assembly =
        streaming ? WireLimits.MAX_CHUNK_BYTES + budget.sliceBytes() : budget.rawLimitBytes();
    long sum =
        WireLimits.MAX_CHANNELS * budget.sliceBytes()
            + budget.messagePoolBytes()
            + spare
            + assembly;
    assertTrue(sum <= ceiling, sum + " of " + ceiling);
    assertTrue(sum >= ceiling * 9 / 10, "little is wasted: " + sum + " of " + ceiling);
  }

  @Test
  void oneChannelAtATimeHoldsTheToken() {
    ReceiveBudget budget = new ReceiveBudget(1 << 20, 1 << 16, false);
    assertTrue(budget.isAssemblyFree());
    assertTrue(budget.tryAssemble(3));
    assertTrue(budget.tryAssemble(3));
    assertFalse(budget.tryAssemble(4));
    assertTrue(budget.isAssembling(3));
    assertFalse(budget.isAssembling(4));
    budget.endAssembly(4);
    assertFalse(budget.isAssemblyFree());
    budget.endAssembly(3);
    assertTrue(budget.isAssemblyFree());
    assertTrue(budget.tryAssemble(4));
  }

  @Test
  void whatIsScarceIsSharedAndGivenBack() {
    ReceiveBudget budget = new ReceiveBudget(16 << 20, 4 << 20, false);
    long spare = budget.spareBytes();
    budget.onPacket(1, 0);
    long most = spare - spare / 8;
    assertTrue(budget.hasSpare(0));
    assertEquals(most, budget.claim(0, 0, 2 * spare), "nobody else wants any");
    assertFalse(budget.hasSpare(most));
    assertEquals(0, budget.claim(0, most, spare), "the rest is for others");
    long rest = spare - most;
    assertTrue(budget.hasSpare(0));
    assertEquals(rest - rest / 8, budget.claim(1, 0, spare));
    assertEquals(spare / 2, budget.fairShareBytes());
    budget.giveBack(most - spare / 2);
    assertEquals(0, budget.claim(0, spare / 2, 10), "it has its share");
    assertTrue(budget.claim(1, rest - rest / 8, spare) > spare / 4);
    budget.onPacket(2_000_000_000L, 0);
    assertEquals(spare, budget.fairShareBytes(), "claims are forgotten");
  }
}
