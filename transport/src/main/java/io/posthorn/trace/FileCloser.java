package io.posthorn.trace;

import io.posthorn.files.BackgroundFile;

/** Closes a file when the socket is closed. */
record FileCloser(BackgroundFile file) implements TraceListener {
  @Override
  public boolean wantsPackets() {
    return false;
  }

  @Override
  public void socketClosed() {
    file.close();
  }
}
