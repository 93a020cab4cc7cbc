package io.posthorn.wire;

import java.util.List;

/** Payloads that say something, for the seeds of other packages' targets. */
public final class FrameSeeds {
  private FrameSeeds() {}

  /** Each one or more frames of some types; all types come. */
  public static List<byte[]> payloads() {
    return FrameFuzz.seeds();
  }
}
