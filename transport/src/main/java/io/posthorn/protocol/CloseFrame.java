package io.posthorn.protocol;

import io.posthorn.wire.CloseReason;
import io.posthorn.wire.WireLimits;
import java.nio.charset.StandardCharsets;

/** The CLOSE that this side sends: acknowledged like data, so that the peer surely hears it. */
final class CloseFrame implements FrameSource {
  private boolean due;
  private boolean written;
  private boolean acknowledged;
  private long code;
  private long applicationCode;
  private byte[] text = new byte[0];

  /** Asks for CLOSE to be sent. */
  void request(CloseReason reason, long application, String words) {
    if (written || due) {
      return;
    }
    code = reason.code();
    applicationCode = application;
    text = cut(words.getBytes(StandardCharsets.UTF_8));
    due = true;
  }

  /** At most so many bytes, not cutting a character in two. */
  private static byte[] cut(byte[] bytes) {
    int end = bytes.length;
    if (end > WireLimits.MAX_CLOSE_TEXT_BYTES) {
      end = WireLimits.MAX_CLOSE_TEXT_BYTES;
      while (end > 0 && (bytes[end] & 0xc0) == 0x80) {
        end--;
      }
    }
    return java.util.Arrays.copyOf(bytes, end);
  }

  /** A probe is due: it is CLOSE that waits for an answer, whatever else is older. */
  void onProbeDue() {
    due |= written && !acknowledged;
  }

  boolean isRequested() {
    return due || written;
  }

  boolean isWritten() {
    return written;
  }

  boolean isAcknowledged() {
    return acknowledged;
  }

  @Override
  public boolean hasFrames(long nowNanos) {
    return due;
  }

  @Override
  public void writeFrames(PacketBuilder out, long nowNanos) {
    if (due && out.frames().close(code, applicationCode, text, text.length)) {
      out.carries(0, 0);
      due = false;
      written = true;
    }
  }

  @Override
  public void onAcknowledged(long first, long second, long nowNanos) {
    acknowledged = true;
  }

  @Override
  public void onLost(long first, long second, long nowNanos) {
    due = !acknowledged;
  }

  @Override
  public void onProbe(long first, long second, long nowNanos) {
    due = !acknowledged;
  }

  @Override
  public long deadlineNanos() {
    return Long.MAX_VALUE;
  }

  @Override
  public void onTimeout(long nowNanos) {}
}
