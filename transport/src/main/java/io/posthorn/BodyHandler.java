package io.posthorn;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/** Is given the bodies of messages where they lie; see {@link MessageSocket#onBody}. */
@FunctionalInterface
public interface BodyHandler {
  /**
   * One message came. Runs on the I/O thread, as the handlers of {@link MessageSocket#onMessage}
   * do.
   *
   * @param from the sender
   * @param channel 0 to 63; 0 in plain mode
   * @param body read-only; valid until this returns, then used for others
   */
  void onBody(InetSocketAddress from, int channel, ByteBuffer body);
}
