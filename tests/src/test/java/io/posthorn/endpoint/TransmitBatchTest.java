package io.posthorn.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class TransmitBatchTest {
  private final TransmitBatch batch = new TransmitBatch();

  private void append(int bytes, int fill) {
    Arrays.fill(batch.bytes(), batch.lengthBytes(), batch.lengthBytes() + bytes, (byte) fill);
    batch.append(bytes);
  }

  @Test
  void anEmptyBatchHasNoSegmentsAndNoPeer() {
    assertEquals(0, batch.segments());
    assertThrows(IllegalStateException.class, batch::peer);
  }

  @Test
  void onlyTheLastSegmentMayBeShorter() {
    batch.begin(HandPeer.address(1), 100);
    append(100, 2);
    assertThrows(IllegalStateException.class, () -> batch.append(101));
    append(40, 3);
    assertThrows(IllegalStateException.class, () -> batch.append(40));
    assertEquals(3, batch.segments());
    assertEquals(240, batch.lengthBytes());
    assertEquals(100, batch.segmentBytes());
    ByteBuffer middle = batch.segment(1);
    assertEquals(100, middle.remaining());
    assertEquals(2, middle.get());
    ByteBuffer last = batch.segment(2);
    assertEquals(40, last.remaining());
    assertEquals(3, last.get());
  }

  @Test
  void aDatagramWithoutBytesIsOneSegment() {
    batch.begin(HandPeer.address(1), 0);
    assertEquals(1, batch.segments());
    assertEquals(0, batch.segment(0).remaining());
  }

  @Test
  void clearForgetsAll() {
    batch.begin(HandPeer.address(1), 10);
    batch.clear();
    assertEquals(0, batch.segments());
    assertEquals(0, batch.lengthBytes());
    assertThrows(IllegalStateException.class, batch::peer);
  }
}
