package io.posthorn.trace;

import io.posthorn.files.BackgroundFile;

/** Has a file closed when the socket is, and waits for the disk where that may be. */
record FileCloser(BackgroundFile file) implements TraceListener {
  @Override
  public boolean wantsPackets() {
    return false;
  }

  @Override
  public void socketClosed() {
    file.beginClose();
  }

  @Override
  public void awaitWritten() {
    file.close();
  }
}
