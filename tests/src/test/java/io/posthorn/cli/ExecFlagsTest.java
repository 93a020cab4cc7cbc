package io.posthorn.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.posthorn.cli.exec.ExecServer;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What {@code listen --exec} says on standard error. */
class ExecFlagsTest {
  @Test
  void lettersOfAChildsErrorsArePutTogetherOnATerminal() {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    OutputStream out = OutputStream.nullOutputStream();
    Streams streams = new Streams(InputStream.nullInputStream(), out, err, true, true, Map.of());
    ExecServer.Journal journal = ExecFlags.journal(new Posthorn(streams).output(false));
    ExecServer.ChildErrors one = journal.childErrors();
    ExecServer.ChildErrors other = journal.childErrors();
    byte[] letter = "\u00e9".getBytes(UTF_8);
    one.write(new byte[] {'a', letter[0]});
    other.write(new byte[] {'b'});
    one.write(new byte[] {letter[1], '\r'});
    one.end();
    other.end();
    assertEquals("ab\u00e9\\r", err.toString(UTF_8).replaceAll("\r\u001b\\[K", ""));
  }
}
