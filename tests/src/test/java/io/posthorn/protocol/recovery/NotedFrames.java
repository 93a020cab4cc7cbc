package io.posthorn.protocol.recovery;

import io.posthorn.protocol.FrameSource;
import io.posthorn.protocol.PacketBuilder;
import java.util.ArrayList;
import java.util.List;

/** A frame source that only remembers what it is told about its notes. */
final class NotedFrames implements FrameSource {
  final List<Long> acknowledged = new ArrayList<>();
  final List<Long> lost = new ArrayList<>();
  final List<Long> probed = new ArrayList<>();

  @Override
  public boolean hasFrames(long nowNanos) {
    return false;
  }

  @Override
  public void writeFrames(PacketBuilder out, long nowNanos) {}

  @Override
  public void onAcknowledged(long first, long second, long nowNanos) {
    acknowledged.add(first);
  }

  @Override
  public void onLost(long first, long second, long nowNanos) {
    lost.add(first);
  }

  @Override
  public void onProbe(long first, long second, long nowNanos) {
    probed.add(first);
  }

  @Override
  public long deadlineNanos() {
    return Long.MAX_VALUE;
  }

  @Override
  public void onTimeout(long nowNanos) {}
}
