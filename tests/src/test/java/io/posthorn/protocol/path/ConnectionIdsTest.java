package io.posthorn.protocol.path;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.posthorn.wire.CloseReason;
import org.junit.jupiter.api.Test;

class ConnectionIdsTest {
  private final ConnectionIds ids = new ConnectionIds(100);

  @Test
  void theIdOfTheHandshakeIsUsedUntilItIsRetired() {
    assertEquals(100, ids.current());
    assertNull(ids.onNew(1, 0, 101));
    assertEquals(100, ids.current());
    assertNull(ids.onNew(2, 1, 102));
    assertEquals(101, ids.current());
    assertNull(ids.onNew(3, 3, 103));
    assertEquals(103, ids.current());
  }

  @Test
  void moreIdsThanAnnouncedAreABreach() {
    assertTrue(ConnectionIds.limit() >= 2);
    for (int i = 1; i < ConnectionIds.limit(); i++) {
      assertNull(ids.onNew(i, 0, 100 + i));
    }
    assertEquals(CloseReason.LIMIT, ids.onNew(50, 0, 150));
    assertNull(ids.onNew(50, 50, 150), "unless it retires those before");
    assertEquals(150, ids.current());
  }

  @Test
  void aRepeatedFrameIsHarmlessAndAContradictionIsABreach() {
    assertNull(ids.onNew(1, 0, 101));
    assertNull(ids.onNew(1, 0, 101));
    assertEquals(CloseReason.PROTOCOL_VIOLATION, ids.onNew(1, 0, 999));
    assertEquals(CloseReason.PROTOCOL_VIOLATION, ids.onNew(0, 0, 999));
  }

  @Test
  void anIdThatWasRetiredBeforeItCameIsNotUsed() {
    assertNull(ids.onNew(5, 5, 105));
    assertNull(ids.onNew(3, 0, 103));
    assertEquals(105, ids.current());
  }

  @Test
  void aRepeatedFrameRetiresTooAndTheLastIdStays() {
    assertNull(ids.onNew(1, 0, 101));
    assertNull(ids.onNew(1, 1, 101));
    assertEquals(101, ids.current());
  }

  @Test
  void aFloodOfNewIdsHoldsNoMoreThanTheLimit() {
    for (int i = 1; i < 100_000; i++) {
      assertNull(ids.onNew(i, i, 100 + i));
      assertEquals(100 + i, ids.current());
    }
  }
}
