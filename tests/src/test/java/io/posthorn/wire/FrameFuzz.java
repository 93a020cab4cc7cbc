package io.posthorn.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Any payload is read to its end or refused, the same wherever it lies; and what was read, written
 * again, reads the same.
 */
public final class FrameFuzz {
  private FrameFuzz() {}

  /** Takes the payload of a data packet. */
  public static void fuzzerTestOneInput(byte[] payload) {
    MalformedInputProperties.readEverywhere(payload);
    FrameRecorder first = new FrameRecorder();
    CloseReason reason = new FrameReader().read(payload, 0, payload.length, first);
    if (reason != null) {
      return;
    }
    byte[] again = new byte[2 * payload.length + 64];
    FrameWriter writer = new FrameWriter();
    writer.reset(again, 0, again.length);
    assertNull(new FrameReader().read(payload, 0, payload.length, new FrameRewriter(writer)));
    FrameRecorder second = new FrameRecorder();
    int written = writer.written();
    if (written > 0) { // else there was nothing but padding
      assertNull(new FrameReader().read(again, 0, written, second));
    }
    assertEquals(first.frames(), second.frames());
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    for (int seed = 0; seed < 24; seed++) {
      seeds.add(MalformedInputProperties.validPacket(new Random(seed), 160));
    }
    return seeds;
  }
}
