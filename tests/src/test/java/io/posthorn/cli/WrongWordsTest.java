package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said of a command line that names the wrong thing, or too little or too much. */
class WrongWordsTest {
  private static String errors(int exit, String line) {
    InProcess here = new InProcess();
    int status = here.run(line.split(" "));
    String said = here.errors();
    assertEquals(exit, status, said);
    return said;
  }

  @ParameterizedTest
  @CsvSource({
    "copy, 64, 'what to copy, or where to, is missing; write it like copy FILE 192.0.2.1:9000'",
    "copy nofile, 64, 'what to copy, or where to, is missing'",
    "copy nofile --checksum 127.0.0.1:9, 66, 'nofile: no such file'"
  })
  void whatACopyNeedsMayStandAroundItsOptions(String line, int exit, String why) {
    String said = errors(exit, line);
    assertTrue(said.contains(why), said);
  }

  @ParameterizedTest
  @CsvSource({
    "send localhost hello, 'bad address \"localhost\": it has no port'",
    "send ::1:9000 x, 'bad address \"::1:9000\": an IPv6 address stands in brackets'",
    "send localhost 99999 x, 'bad port \"99999\"'",
    "connect localhost soon, 'bad address \"localhost\": it has no port'",
    "connect 127.0.0.1 21026 extra, '\"extra\" behind \"127.0.0.1 21026\" is too much'",
    "listen 9000 9001, '\"9001\" behind \"9000\" is too much'",
    "proxy 9001 [::1]:9 9002, '\"9002\" behind \"[::1]:9\" is too much'",
    "proxy, where to listen is missing",
    "proxy 127.0.0.1:21015, whom to talk to is missing",
    "bench, whom to talk to is missing"
  })
  void theBlameFallsOnTheWordThatIsWrong(String line, String why) {
    String said = errors(64, line);
    assertTrue(said.contains(why), said);
  }

  @ParameterizedTest
  @CsvSource({
    "lisen 9000, 'no command \"lisen\"; did you mean listen'",
    "keys bogus, 'no command \"bogus\"; '",
    "trace a b, '\"b\" is too much; see posthorn trace --help'",
    "listen -m x, 'posthorn listen: --max-clients: \"x\" is no whole number'",
    "ping -i soon localhost:9, 'posthorn ping: --interval: \"soon\" is not a time such as'",
    "listen -m 99999999999, '\"99999999999\" is too large'",
    "send -n 1e3 localhost:9, '\"1e3\" is no whole number'",
    "listen --fraiming raw, '--framing'",
    "ping -w 3 localhost:9, 'did you mean -W (--timeout)? see posthorn ping --help'",
    "ping -w=3 localhost:9, 'did you mean -W (--timeout)? see'",
    "send -W 3 localhost:9, 'did you mean -w (--timeout)? see'",
    "ping -Q localhost:9, 'did you mean -q? see'"
  })
  void wordsThatNobodyTakesAreNamedInPlainWords(String line, String why) {
    String said = errors(64, line);
    assertTrue(said.contains(why), said);
    assertFalse(said.contains("Unmatched"), said);
    assertFalse(said.contains("Invalid value"), said);
  }
}
