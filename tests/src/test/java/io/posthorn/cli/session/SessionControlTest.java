package io.posthorn.cli.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.charset.StandardCharsets;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

/** cli/SESSIONS.md §3. */
class SessionControlTest {
  @Property(tries = 200)
  void whatIsWrittenIsRead(
      @ForAll @IntRange(max = 255) int status,
      @ForAll @LongRange(min = 0, max = 999_999_999_999_999_999L) long messages,
      @ForAll @LongRange(min = 0, max = 999_999_999_999_999_999L) long errors) {
    SessionControl exit = new SessionControl.Exit(status, messages, errors);
    assertEquals(exit, SessionControl.parse(exit.toBytes()));
    SessionControl end = new SessionControl.End(messages);
    assertEquals(end, SessionControl.parse(end.toBytes()));
    SessionControl later = new SessionControl.Later(messages % 600_001);
    assertEquals(later, SessionControl.parse(later.toBytes()));
  }

  @Test
  void anythingElseIsNothing() {
    for (String wrong :
        new String[] {
          "",
          "end",
          "end ",
          "end -1",
          "end 1 ",
          " end 1",
          "end 1234567890123456789",
          "END 1",
          "exit 256 0 0",
          "exit 1 0",
          "exit 1 0 0 0",
          "exit +1 0 0",
          "quit 1",
          "later 600001",
          "later -1",
          "end " + "0".repeat(100)
        }) {
      assertNull(SessionControl.parse(wrong.getBytes(StandardCharsets.UTF_8)), wrong);
    }
  }

  @Property(tries = 300)
  void randomBytesAreReadWithoutFault(@ForAll byte[] bytes) {
    SessionControl read = SessionControl.parse(bytes);
    if (read != null) {
      assertEquals(read, SessionControl.parse(read.toBytes()));
    }
  }
}
