package io.posthorn.protocol;

/** PING frames: to be heard from, to keep alive, to probe with nothing else at hand. */
final class Pings implements FrameSource {
  private boolean due;

  /** Asks for a PING with the next packet. */
  void request() {
    due = true;
  }

  @Override
  public boolean hasFrames(long nowNanos) {
    return due;
  }

  @Override
  public void writeFrames(PacketBuilder out, long nowNanos) {
    if (due && out.frames().ping()) {
      out.carries(0, 0);
      due = false;
    }
  }

  @Override
  public void onAcknowledged(long first, long second, long nowNanos) {}

  @Override
  public void onLost(long first, long second, long nowNanos) {}

  @Override
  public void onProbe(long first, long second, long nowNanos) {}

  @Override
  public long deadlineNanos() {
    return Long.MAX_VALUE;
  }

  @Override
  public void onTimeout(long nowNanos) {}
}
