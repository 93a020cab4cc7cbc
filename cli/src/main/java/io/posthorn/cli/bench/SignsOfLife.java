package io.posthorn.cli.bench;

import java.io.IOException;

/**
 * What a server without data of its own under way answers data with while the client's question for
 * the figures may wait for long behind it, on a slow link: that it is there, once in {@link
 * BenchMessage#ALIVE_NANOS}. For the thread that brings what comes in.
 */
final class SignsOfLife {
  private final BenchLink link;
  private long nextNanos = Long.MIN_VALUE;

  SignsOfLife(BenchLink link) {
    this.link = link;
  }

  /** Data came. */
  void onData(long token, long nowNanos) throws IOException {
    if (nowNanos >= nextNanos) {
      nextNanos = nowNanos + BenchMessage.ALIVE_NANOS;
      // Without room for it much is on its way to the other end, and shows the same.
      var unused = link.trySend(BenchMessage.control(BenchMessage.ALIVE, token, 0));
    }
  }
}
