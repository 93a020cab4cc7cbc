package io.posthorn.io;

import java.nio.channels.ClosedChannelException;

/** The socket that a shared port belongs to is closed, and so is the one beside it: no fault. */
public final class OwnerClosedException extends ClosedChannelException {
  private static final long serialVersionUID = 1L;

  OwnerClosedException() {}

  @Override
  public String getMessage() {
    return "the socket whose port this one is beside is closed";
  }
}
