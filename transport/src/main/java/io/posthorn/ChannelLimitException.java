package io.posthorn;

import java.net.InetSocketAddress;

/** The peer takes messages on fewer channels than this one. */
public final class ChannelLimitException extends TransportException {
  private static final long serialVersionUID = 1L;

  ChannelLimitException(InetSocketAddress peer, String what, String remedy) {
    super(peer, what, remedy);
  }
}
