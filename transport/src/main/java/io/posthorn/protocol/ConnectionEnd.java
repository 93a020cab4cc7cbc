package io.posthorn.protocol;

import io.posthorn.wire.CloseReason;

/**
 * How a connection ended.
 *
 * @param reason why
 * @param byPeer whether the peer said so
 * @param applicationCode the closing application's number
 * @param text the closing application's words
 */
public record ConnectionEnd(CloseReason reason, boolean byPeer, long applicationCode, String text) {
  /** An end that this side found, without words. */
  public static ConnectionEnd local(CloseReason reason) {
    return new ConnectionEnd(reason, false, 0, "");
  }
}
