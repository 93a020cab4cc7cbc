package io.posthorn.cli.bench;

import java.net.BindException;

/** Of a port that is to be had for both, UDP's is free and TCP's is not to be had. */
public final class TcpBindException extends BindException {
  private static final long serialVersionUID = 1L;

  /**
   * Made by {@link BenchServer}.
   *
   * @param refused what the system said; its words are this one's
   */
  public TcpBindException(BindException refused) {
    super(refused.getMessage());
    initCause(refused);
  }
}
