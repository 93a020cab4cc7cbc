package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What strangers may fill of the heap of a listener to whom nothing else is said. */
class HeapLimitsTest {
  @ParameterizedTest
  @CsvSource({"64, 1365", "480, 10000", "16384, 10000"})
  void aListenerTakesNoMorePeersThanAThirdOfTheHeapHolds(long heapMib, int peers) {
    assertEquals(peers, ListenServer.mostPeers(heapMib << 20));
  }

  @ParameterizedTest
  @CsvSource({"66, 22", "192, 64", "16384, 64"})
  void whatComesFillsNoMoreThanAThirdOfTheHeap(long heapMib, long mib) {
    assertEquals(mib << 20, SocketFlags.receiveQueueBytes(heapMib << 20));
  }
}
