package io.posthorn.wire;

import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/** Payloads that say something, for the seeds of other packages' targets. */
public final class FrameSeeds {
  private FrameSeeds() {}

  /** Each one or more frames of some types; all types come. */
  public static List<byte[]> payloads() {
    return FrameFuzz.seeds();
  }

  /** A few frames of any types, in at most so many bytes. */
  public static byte[] random(RandomGenerator random, int most) {
    byte[] payload = new byte[most];
    FrameWriter writer = new FrameWriter();
    writer.reset(payload, 0, most);
    FrameWriter unread = new FrameWriter();
    unread.reset(new byte[most], 0, most);
    FrameRewriter ignored = new FrameRewriter(unread);
    RandomFrames frames = new RandomFrames(random);
    for (int i = 0; i < 3 || writer.written() == 0; i++) {
      frames.write(writer, ignored);
    }
    return Arrays.copyOf(payload, writer.written());
  }
}
