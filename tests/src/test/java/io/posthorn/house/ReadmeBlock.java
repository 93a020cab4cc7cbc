package io.posthorn.house;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One fenced block {@code console} of a Markdown file: a session of commands, each after {@code "$
 * "}, with what they print. A block whose first line is no command is not a session.
 *
 * @param line where the block begins in its file, for messages
 * @param commands as written; a line that ends in a backslash goes on in the next
 * @param output all lines that are not commands, in order
 */
record ReadmeBlock(int line, List<String> commands, List<String> output) {
  /** A line of the output that stands for any number of lines. */
  static final String ANYTHING = "…";

  private static final String BUILD = "mvn -q -pl cli -am package -DskipTests";
  private static final String TEST = "mvn verify";
  private static final Pattern SOCKET = Pattern.compile("^[a-z]+ +(listening|open) ");

  /** The programs that a session may call beside the one of this project. */
  private static final Set<String> SMALL_SHELL =
      Set.of(
          "cat",
          "cd",
          "cmp",
          "cut",
          "date",
          "diff",
          "echo",
          "false",
          "grep",
          "head",
          "kill",
          "ls",
          "mkdir",
          "ncat",
          "printf",
          "rm",
          "sed",
          "seq",
          "sha256sum",
          "sleep",
          "sort",
          "tail",
          "tee",
          "test",
          "timeout",
          "tr",
          "true",
          "wait",
          "wc");

  /** A row of a table: what it is about, then in each column a figure, which may have a range. */
  private static final Pattern ROW =
      Pattern.compile(
          "([a-z]\\S*(?: \\S+)*)"
              + "((?:\\s{2,}(?:never|n/a|\\d[\\d.,]*(?: [^\\s(]+)?)(?: \\([^)]*\\))?)+)");

  private static final String PLACES =
      "one TUN device in a network namespace of its own|a relay on the loopback";

  private static final Pattern PORT = Pattern.compile("(?<=[\\w.\\]]):(\\d{4,5})\\b");
  private static final Pattern JOB = Pattern.compile("\\[\\d+\\][+-]?\\s+(\\d+|\\w+.*)");

  /** What stands in the blocks of a language, each as one text. */
  static List<String> blocksOf(String markdown, String language) {
    List<String> blocks = new ArrayList<>();
    Matcher block = Pattern.compile("(?ms)^```(\\w*)$\\R(.*?)^```$").matcher(markdown);
    while (block.find()) {
      if (block.group(1).equals(language)) {
        blocks.add(block.group(2));
      }
    }
    return blocks;
  }

  /** All sessions of a Markdown text. */
  static List<ReadmeBlock> parse(String markdown) {
    List<ReadmeBlock> blocks = new ArrayList<>();
    List<String> lines = markdown.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      if (!lines.get(i).strip().equals("```console")) {
        continue;
      }
      int start = i + 1;
      int end = start;
      while (end < lines.size() && !lines.get(end).strip().equals("```")) {
        end++;
      }
      if (end == lines.size()) {
        throw new IllegalArgumentException("line " + start + ": the block does not end");
      }
      if (end > start && lines.get(start).startsWith("$ ")) {
        blocks.add(session(start, lines.subList(start, end)));
      }
      i = end;
    }
    return blocks;
  }

  private static ReadmeBlock session(int line, List<String> lines) {
    List<String> commands = new ArrayList<>();
    List<String> output = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      if (!lines.get(i).startsWith("$ ")) {
        output.add(lines.get(i));
        continue;
      }
      StringBuilder command = new StringBuilder(lines.get(i).substring(2));
      while (command.charAt(command.length() - 1) == '\\' && i + 1 < lines.size()) {
        command.setLength(command.length() - 1);
        command.append(lines.get(++i).strip());
      }
      commands.add(command.toString().strip());
    }
    return new ReadmeBlock(line, commands, output);
  }

  /** Whether it shows output but leaves all of it open, so that whatever happens is as printed. */
  boolean leavesAllOpen() {
    return !output.isEmpty() && output.stream().allMatch(ANYTHING::equals);
  }

  /** Whether this is the command that runs the tests, which would run this one again. */
  boolean runsTheTests() {
    return commands.equals(List.of(TEST));
  }

  /**
   * The commands to run: without the build, which is done, and each port that stands after a host
   * replaced throughout.
   *
   * @param freePorts at least as many as the block names
   */
  List<String> runnable(List<Integer> freePorts) {
    Map<String, Integer> ports = new TreeMap<>();
    for (String command : commands) {
      Matcher port = PORT.matcher(command);
      while (port.find()) {
        ports.computeIfAbsent(port.group(1), p -> freePorts.get(ports.size()));
      }
    }
    List<String> runnable = new ArrayList<>();
    for (String command : commands) {
      String changed = command;
      if (changed.equals(BUILD)) {
        continue;
      }
      if (changed.startsWith(BUILD + " && ")) {
        changed = changed.substring((BUILD + " && ").length());
      }
      for (Map.Entry<String, Integer> port : ports.entrySet()) {
        changed = changed.replaceAll("\\b" + port.getKey() + "\\b", "\0" + port.getValue() + "\0");
      }
      runnable.add(changed.replace("\0", ""));
    }
    return runnable;
  }

  /**
   * The command, but if it lists the sockets that are open at this instant, again until there are
   * as many as here: the programs in the background need a moment.
   */
  String untilComplete(String command) {
    if (!command.equals("posthorn sockets")) {
      return command;
    }
    long rows = output.stream().filter(line -> SOCKET.matcher(line).find()).count();
    return "for try in {1..20}; do "
        + command
        + " > .sockets; [ $(grep -cE '"
        + SOCKET
        + "' .sockets) -ge "
        + rows
        + " ] && break; done; cat .sockets";
  }

  /** Programs that a README may not call from a test: everything that is not known to be small. */
  List<String> unknownPrograms() {
    List<String> unknown = new ArrayList<>();
    for (String command : runnable(List.of(1, 2, 3, 4, 5, 6, 7, 8, 9))) {
      for (String part : unquoted(command).split("\\|\\|?|&&|;|&(?!\\d)|\\$\\(|<\\(|\\n", -1)) {
        String[] words = part.strip().split("\\s+", -1);
        int first = 0;
        while (first < words.length && words[first].matches("\\w+=.*")) {
          first++; // a variable for this command alone
        }
        String program = first < words.length ? words[first] : "";
        boolean ours =
            program.equals("posthorn")
                || part.strip().startsWith("java -jar cli/target/posthorn.jar");
        if (!program.isEmpty() && !ours && !SMALL_SHELL.contains(program)) {
          unknown.add(program);
        }
      }
    }
    return unknown;
  }

  /** The command with what stands between quotes and redirections of descriptors taken out. */
  private static String unquoted(String command) {
    return command
        .replaceAll("'[^']*'", "Q")
        .replaceAll("\"(\\\\.|[^\"\\\\])*\"", "Q")
        .replaceAll("\\d?>&\\d", "");
  }

  /** Whether a command goes on beside those after it, so that the order of lines is chance. */
  boolean hasBackground() {
    return commands.stream().anyMatch(command -> command.endsWith("&"));
  }

  /** Null if the session printed what the block says, figures aside; else what differs. */
  @org.jspecify.annotations.Nullable
  String difference(List<String> actual) {
    List<String> expected = masked(output);
    List<String> printed = masked(actual);
    boolean same =
        hasBackground() ? sameInAnyOrder(expected, printed) : sameInOrder(expected, printed);
    if (same) {
      return null;
    }
    return "line "
        + line
        + ": "
        + String.join(" ; ", commands)
        + "\n--- the README, figures masked\n"
        + String.join("\n", expected)
        + "\n--- this run, figures masked\n"
        + String.join("\n", printed)
        + "\n--- this run\n"
        + String.join("\n", actual);
  }

  private static boolean sameInAnyOrder(List<String> expected, List<String> printed) {
    List<String> left = new ArrayList<>(printed);
    for (String line : expected) {
      if (!line.equals(ANYTHING) && !left.remove(line)) {
        return false;
      }
    }
    return left.isEmpty() || expected.contains(ANYTHING);
  }

  private static boolean sameInOrder(List<String> expected, List<String> printed) {
    int at = 0;
    for (int i = 0; i < expected.size(); i++) {
      if (expected.get(i).equals(ANYTHING)) {
        if (i + 1 == expected.size()) {
          return true;
        }
        List<String> rest = expected.subList(i + 1, expected.size());
        for (int from = at; from <= printed.size(); from++) {
          if (sameInOrder(rest, printed.subList(from, printed.size()))) {
            return true;
          }
        }
        return false;
      }
      if (at == printed.size() || !printed.get(at).equals(expected.get(i))) {
        return false;
      }
      at++;
    }
    return at == printed.size();
  }

  /** Without empty lines and the shell's words about jobs. */
  private static List<String> masked(List<String> lines) {
    List<String> masked = new ArrayList<>();
    for (String line : lines) {
      String one = line.strip();
      if (!one.isEmpty() && !JOB.matcher(one).matches()) {
        masked.add(mask(one));
      }
    }
    return masked;
  }

  /** A line with everything that changes from run to run replaced by one sign. */
  static String mask(String line) {
    if (line.equals("...") || line.equals(ANYTHING)) {
      return ANYTHING;
    }
    Matcher row = ROW.matcher(line);
    if (row.matches()) {
      return row.group(1) + " |".repeat(row.group(2).strip().split("\\s{2,}", -1).length);
    }
    return line.replaceAll("SHA256:[A-Za-z0-9+/=]+", "SHA256:#")
        .replaceAll("\\b([0-9a-f]{64}|[0-9a-f]{16})\\b", "#") // a digest, a connection's id
        .replaceAll(PLACES, "#") // where the machine lets it run
        .replaceAll("\\b(registered|ephemeral) [a-z]\\S*", "$1") // what is known at such a port
        .replaceAll("\\bTCP \\(\\w+\\)", "TCP") // with what its kernel has
        .replaceAll("/tmp/[\\w./-]+", "/tmp/#")
        .replaceAll("\\bn/a\\b|∞|\\binf\\b", "#") // a figure that this machine cannot have
        .replaceAll("[+-]?\\d[\\d,_]*(\\.\\d+)?", "#")
        .replaceAll("#\\s?(ns|µs|us|ms|s|min|h)\\b", "#time")
        .replaceAll("#\\s?([kKMG]i?)?(B|bytes?)(?![\\w/])", "#size")
        .replaceAll("#\\s?([kKMG]i?)?(bit|B)/s", "#rate")
        .replaceAll("([-─━═=_*])\\1+", "$1") // rules are as long as the figures are wide
        .replaceAll("[▏▎▍▌▋▊▉█▇▆▅▄▃▂▁░▒▓ \\t]+", " ")
        .strip();
  }
}
