package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** FAULTS 63: what a command says on standard error may be about anything. */
class OutputTest {
  private static final String EVIL = "ü\u001b]52;c;ZXZpbA==\u0007\u001b[2J\u202e\rposthorn: fine\n";

  private static String said(boolean json) {
    InProcess here = new InProcess();
    Posthorn.Everywhere verbose =
        new Posthorn.Everywhere(
            json, false, false, 1, Output.ColorWhen.NEVER, EndpointAddress.Family.ANY);
    Output output = new Output(here.streams(), verbose, false);
    output.note(EVIL);
    output.detail(EVIL);
    output.error(EVIL);
    return here.errors();
  }

  @Test
  void fault63_notesDetailsAndErrorsAreShownEscapedWhoeverSaysThem() {
    String line = "ü\\x1b]52;c;ZXZpbA==\\x07\\x1b[2J\\u{202e}\\rposthorn: fine\\n\n";
    assertEquals(line.repeat(3), said(false));
  }

  /** As JSON has it, and not twice. */
  @Test
  void fault63_soAreTheyInJson() {
    String what = "ü\\u001b]52;c;ZXZpbA==\\u0007\\u001b[2J\\u202e\\rposthorn: fine\\n\"}}\n";
    assertEquals(
        "{\"note\":{\"what\":\"".concat(what).repeat(2) + "{\"problem\":{\"what\":\"" + what,
        said(true));
  }
}
