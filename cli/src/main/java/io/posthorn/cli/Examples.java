package io.posthorn.cli;

import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/**
 * Commands to try, which help shows; a test runs them as they stand. At most 76 letters each, for
 * help breaks longer lines.
 */
final class Examples {
  private static final Map<String, List<String>> OF_COMMANDS =
      Map.ofEntries(
          Map.entry(
              "listen", List.of("posthorn listen -1 9000 & posthorn send localhost:9000 hello")),
          Map.entry(
              "send", List.of("posthorn listen -1 9000 & seq 3 | posthorn send localhost:9000")),
          Map.entry(
              "connect",
              List.of(
                  "posthorn listen -1 -e date localhost:9000 & posthorn connect localhost:9000")),
          Map.entry(
              "copy",
              List.of(
                  "posthorn receive -1 localhost:9000 & posthorn copy /etc/hosts localhost:9000",
                  "posthorn receive -1 localhost:9000 & ls | posthorn copy - localhost:9000")),
          Map.entry(
              "receive",
              List.of(
                  "posthorn receive -1 localhost:9000 & posthorn copy /etc/hosts localhost:9000",
                  "date | posthorn copy - localhost:9000 & posthorn receive -1 localhost:9000")),
          Map.entry(
              "keys",
              List.of(
                  "posthorn keys show | posthorn keys import --comment 'my other machine'",
                  "posthorn keys list")),
          Map.entry(
              "ping",
              List.of(
                  "posthorn listen 9000 & posthorn ping localhost:9000 -c 3 -i 0.2 --histogram",
                  "posthorn listen -u --echo 9000 & posthorn ping -u localhost:9000 -c 9")),
          Map.entry(
              "compare",
              List.of(
                  "posthorn compare --simulated --impair @wifi --assert 'reliable.lost==0'",
                  "posthorn compare --simulated --sweep 0,5,20 --report sweep.html",
                  "posthorn bench -s 9000 & posthorn compare --host localhost:9000 --runs 1")),
          Map.entry(
              "proxy",
              List.of(
                  "posthorn proxy --print-tc --up @lte --down 'delay 40ms loss 5%'",
                  "echo quit | posthorn proxy 9001 localhost:9000 --pcap p.pcapng",
                  "echo quit | posthorn proxy 9001 localhost:9000 --impair 'delay 40ms loss 5%'")),
          Map.entry(
              "bench",
              List.of(
                  "posthorn bench -s -1 9000 & posthorn bench localhost:9000 -n 200 -P 2",
                  "posthorn bench -s -1 9000 & posthorn bench localhost:9000 -u -t 1")),
          Map.entry("sockets", List.of("posthorn sockets --json", "posthorn sockets -a -l -p")),
          Map.entry(
              "doctor", List.of("posthorn listen 9000 & posthorn doctor localhost:9000 --json")),
          Map.entry(
              "trace",
              List.of(
                  "posthorn send -u localhost:9000 hi --pcap p.pcapng; posthorn trace p.pcapng")),
          Map.entry("completion", List.of("posthorn completion bash | bash -n")),
          Map.entry("help", List.of("posthorn help --man ping | head -n 3")));

  private Examples() {}

  /** Has a command's help end with its examples, unless it ends with words of its own. */
  static void addTo(CommandSpec command) {
    List<String> examples = OF_COMMANDS.getOrDefault(command.name(), List.of());
    if (examples.isEmpty() || command.usageMessage().footer().length > 0) {
      return;
    }
    String[] footer =
        examples.stream().map(line -> "  $ " + line.replace("%", "%%")).toArray(String[]::new);
    command.usageMessage().footerHeading("%nExamples:%n").footer(footer);
  }
}
