package io.posthorn.capture;

import java.io.IOException;

/** A file that is no capture, or is damaged, or no key log; the text says where and what. */
public final class CaptureException extends IOException {
  private static final long serialVersionUID = 1;

  CaptureException(String what) {
    super(what);
  }

  CaptureException(String what, Throwable cause) {
    super(what, cause);
  }
}
