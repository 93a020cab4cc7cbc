package io.posthorn.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.channels.spi.AbstractSelector;
import java.nio.channels.spi.SelectorProvider;
import java.util.Set;

/**
 * Ends a wait in the operating system when the waiting thread is interrupted, which the system does
 * not notice by itself. The JDK offers that hook to selectors alone, so this is one that selects
 * nothing.
 */
final class InterruptWakeup extends AbstractSelector {
  private final Runnable wakeup;

  InterruptWakeup(Runnable wakeup) {
    super(SelectorProvider.provider());
    this.wakeup = wakeup;
  }

  /**
   * An interrupt of this thread ends the wait from now on; at once if it is interrupted already.
   */
  void arm() {
    begin();
  }

  /** No more. */
  void disarm() {
    end();
  }

  /** The port is closed. */
  void discard() {
    try {
      close();
    } catch (IOException e) {
      throw new UncheckedIOException("nothing is closed here", e);
    }
  }

  @Override
  public Selector wakeup() {
    wakeup.run();
    return this;
  }

  @Override
  protected void implCloseSelector() {
    // It holds nothing.
  }

  @Override
  protected SelectionKey register(AbstractSelectableChannel channel, int ops, Object attachment) {
    throw new UnsupportedOperationException("selects nothing");
  }

  @Override
  public Set<SelectionKey> keys() {
    return Set.of();
  }

  @Override
  public Set<SelectionKey> selectedKeys() {
    return Set.of();
  }

  @Override
  public int selectNow() {
    return 0;
  }

  @Override
  public int select(long timeout) {
    return 0;
  }

  @Override
  public int select() {
    return 0;
  }
}
