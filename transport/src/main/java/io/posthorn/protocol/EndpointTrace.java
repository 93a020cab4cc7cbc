package io.posthorn.protocol;

import io.posthorn.protocol.handshake.Handshake;
import io.posthorn.trace.KeyLog;
import io.posthorn.trace.RecoveryMetrics;
import io.posthorn.trace.TraceListener;
import io.posthorn.trace.TracedFrames;
import org.jspecify.annotations.Nullable;

/** Who is told what all connections of one endpoint do, and what is used again to tell it. */
public final class EndpointTrace {
  final TraceListener listener;
  final @Nullable KeyLog keyLog;
  final TracedFrames frames = new TracedFrames();
  final RecoveryMetrics metrics = new RecoveryMetrics();
  private final boolean packets;

  /**
   * Makes one.
   *
   * @param keyLog told the secrets of each connection; usually null
   */
  public EndpointTrace(TraceListener listener, @Nullable KeyLog keyLog) {
    this.listener = listener;
    this.keyLog = keyLog;
    this.packets = listener.wantsPackets();
  }

  /** Has a handshake keep its keys, if somebody logs them. */
  public void keepKeys(Handshake handshake) {
    if (keyLog != null) {
      handshake.keepKeys();
    }
  }

  /** The third message was written or read: whoever logs keys learns those of the handshake. */
  public void handshakeKeys(Handshake handshake, long initiatorId, long responderId) {
    KeyLog log = keyLog;
    if (log != null) {
      handshake.revealKeys(
          (secondStatic, secondPayload, thirdPayload, thirdHash) ->
              log.handshakeKeys(
                  initiatorId, responderId, secondStatic, secondPayload, thirdPayload, thirdHash));
    }
  }

  /** Who is told. */
  public TraceListener listener() {
    return listener;
  }

  /** Whether it wants to hear of packets. */
  public boolean wantsPackets() {
    return packets;
  }

  /** The frames of a packet that has none. */
  public TracedFrames noFrames() {
    frames.set(NOTHING, 0, 0);
    return frames;
  }

  private static final byte[] NOTHING = new byte[0];
}
