package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The words of a command as the first lines of its help name them. */
class SynopsisTest {
  private static String printed(String line) {
    InProcess here = new InProcess();
    assertEquals(0, here.run(line.split(" ")), here::errors);
    return here.output();
  }

  @ParameterizedTest
  @CsvSource({
    "listen, [[HOST:]PORT]",
    "send, HOST:PORT [MESSAGE...]",
    "connect, HOST:PORT",
    "ping, HOST:PORT",
    "copy, FILE... HOST:PORT[/DIR]",
    "receive, [HOST:]PORT [DIR]",
    "bench, [HOST:PORT]",
    "proxy, LISTEN TARGET",
    "doctor, [HOST:PORT]",
    "keys revoke, HOST:PORT|KEY",
    "trace, FILE"
  })
  void theWordsStandThereAsTheyAreWritten(String command, String words) {
    String help = printed(command + " --help");
    String synopsis = // where a line is broken is picocli's affair
        help.lines()
            .takeWhile(row -> row.startsWith("Usage:") || row.startsWith(" "))
            .collect(Collectors.joining())
            .replace(" ", "");
    String end = "][.]*" + Pattern.quote(words.replace(" ", ""));
    assertTrue(Pattern.compile(end + "$").matcher(synopsis).find(), synopsis);
  }

  @Test
  void commandsOfCommandsHaveTheirHelpToo() {
    String help = printed("help keys import ping");
    assertTrue(help.startsWith("Usage: posthorn keys import "), help);
    assertTrue(help.contains("Usage: posthorn ping "), help);
  }

  @Test
  void quietPromisesNothingThatIsNotSaid() {
    for (String command : List.of("listen", "receive", "copy", "ping")) {
      String help = printed(command + " --help").replaceAll("\\s+", " ");
      assertFalse(help.contains("at the end is said"), help);
    }
  }
}
