package io.posthorn.cli;

import io.posthorn.cli.session.TwoWaySession;
import java.io.IOException;

/** What comes from a session's peer, as it came; where a terminal looks, made harmless first. */
final class SessionOutput implements TwoWaySession.Sink {
  private final Output output;
  private final TerminalText shownOut = new TerminalText();
  private final TerminalText shownErr = new TerminalText();

  SessionOutput(Output output) {
    this.output = output;
  }

  @Override
  public void out(byte[] bytes) throws IOException {
    byte[] harmless = output.outIsTerminal() ? shownOut.show(bytes) : bytes;
    output.write(harmless, 0, harmless.length);
    output.flush();
  }

  @Override
  public void err(byte[] bytes) {
    output.errorBytes(output.errIsTerminal() ? shownErr.show(bytes) : bytes);
  }

  /** Lets out what waited for more. */
  void finish() throws IOException {
    byte[] rest = shownOut.finish();
    output.write(rest, 0, rest.length);
    output.flush();
    output.errorBytes(shownErr.finish());
  }
}
