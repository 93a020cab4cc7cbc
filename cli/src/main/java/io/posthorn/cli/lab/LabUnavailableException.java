package io.posthorn.cli.lab;

import java.io.IOException;

/** A lab cannot be had on this machine; the message says why in words for the user. */
public final class LabUnavailableException extends IOException {
  private static final long serialVersionUID = 1;

  LabUnavailableException(String reason) {
    super(reason);
  }
}
