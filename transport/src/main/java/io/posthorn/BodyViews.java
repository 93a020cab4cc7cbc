package io.posthorn;

import io.posthorn.runtime.SocketDriver;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** Shows a handler each body through a read-only view of the array that it lies in. I/O thread. */
final class BodyViews implements SocketDriver.BodyConsumer {
  /** Arrays whose views are kept, since the same few come again and again. */
  private static final int KEPT = 4;

  private final BodyHandler handler;
  private final byte[] @Nullable [] arrays = new byte[KEPT][];
  private final @Nullable ByteBuffer[] views = new ByteBuffer[KEPT];
  private byte @Nullable [] latestArray;
  private @Nullable ByteBuffer latestView;
  private int next;

  BodyViews(BodyHandler handler) {
    this.handler = handler;
  }

  @Override
  public void accept(InetSocketAddress from, int channel, byte[] bytes, int at, int length) {
    ByteBuffer view = viewOf(bytes);
    view.limit(at + length).position(at);
    view.order(ByteOrder.BIG_ENDIAN); // whatever the handler of the last message set
    handler.onBody(from, channel, view);
  }

  private ByteBuffer viewOf(byte[] bytes) {
    ByteBuffer latest = latestView;
    if (latestArray == bytes && latest != null) {
      return latest;
    }
    latest = keptViewOf(bytes);
    latestArray = bytes;
    latestView = latest;
    return latest;
  }

  private ByteBuffer keptViewOf(byte[] bytes) {
    for (int i = 0; i < KEPT; i++) {
      ByteBuffer view = views[i];
      if (arrays[i] == bytes && view != null) {
        return view;
      }
    }
    ByteBuffer view = ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    arrays[next] = bytes;
    views[next] = view;
    next = (next + 1) % KEPT;
    return view;
  }
}
