package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** What a file of settings says of options, and the command line beside it. */
class ConfigFileTest {
  @TempDir private Path folder = Path.of("");

  private InProcess program() {
    return new InProcess(Map.of("POSTHORN_HOME", folder.resolve("home").toString()), "");
  }

  private String errorsOf(String settings, String... arguments) throws IOException {
    return errorsOf(64, settings, arguments);
  }

  private String errorsOf(int status, String settings, String... arguments) throws IOException {
    Path file = Files.writeString(folder.resolve("settings"), settings);
    String[] all = new String[arguments.length + 2];
    System.arraycopy(arguments, 0, all, 0, arguments.length);
    all[arguments.length] = "--config";
    all[arguments.length + 1] = file.toString();
    InProcess program = program();
    assertEquals(status, program.run(all));
    return program.errors();
  }

  /** As --strict and --authorized: what is asked for twice must not be gone. */
  @Test
  void switchesThatAreTypedAreOnWhateverTheFileSays() throws Exception {
    int switches = 0;
    for (String name :
        Posthorn.commandLine(new Posthorn(program().streams()), new String[0], true)
            .getSubcommands()
            .keySet()) {
      CommandLine whole =
          Posthorn.commandLine(new Posthorn(program().streams()), new String[] {name}, true);
      CommandLine command = whole.getSubcommands().get(name);
      for (OptionSpec option : command.getCommandSpec().options()) {
        if (option.arity().max() > 0
            || option.isMultiValue()
            || option.usageHelp()
            || option.versionHelp()) {
          continue;
        }
        String typed = option.longestName();
        CommandLine line =
            Posthorn.commandLine(new Posthorn(program().streams()), new String[] {name}, true);
        line.getSubcommands()
            .values()
            .forEach(each -> each.getCommandSpec().parser().collectErrors(true));
        line.setDefaultValueProvider(
            argument ->
                argument instanceof OptionSpec other && List.of(other.names()).contains(typed)
                    ? "true"
                    : null);
        OptionSpec parsed =
            line.parseArgs(name, typed).subcommand().matchedOption(typed.replaceAll("^-+", ""));
        assertEquals(List.of(true), parsed.typedValues(), name + " " + typed);
        switches++;
      }
    }
    assertTrue(switches > 100, switches + " switches");
  }

  @Test
  void whatEveryCommandTakesCountsUnderACommandToo() throws Exception {
    String wrong = "-c";
    String text = errorsOf("[send]\njson = true\n", "ping", "127.0.0.1:9", wrong, "0");
    assertTrue(text.startsWith("posthorn ping: "), text);
    String json = errorsOf("[ping]\njson = true\n", "ping", "127.0.0.1:9", wrong, "0");
    assertTrue(json.startsWith("{\"error\":"), json);
    String typed = errorsOf("[ping]\njson = true\n", "ping", "127.0.0.1:9", wrong, "0", "--json");
    assertTrue(typed.startsWith("{\"error\":"), typed);
  }

  @Test
  void valueOfTheFileThatCannotBeReadIsWrongThere() throws Exception {
    String settings = "[ping]\n# often\ninterval = abc\n";
    String text = errorsOf(78, settings, "ping", "127.0.0.1:9");
    assertTrue(text.contains("settings: line 3: "), text);
    assertTrue(text.contains("abc"), text);
    String everywhere = errorsOf(78, "color = pink\n", "ping", "127.0.0.1:9");
    assertTrue(everywhere.contains("settings: line 1: "), everywhere);
    String typed = errorsOf(settings, "ping", "127.0.0.1:9", "-i", "xyz");
    assertTrue(typed.contains("xyz"), typed);
  }

  @Test
  void valueOfAnOptionBeforeTheCommandIsNotTheCommand() throws Exception {
    Path file = Files.writeString(folder.resolve("settings"), "[ping]\njson = true\n");
    String[][] lines = {
      {"--config", file.toString(), "ping", "127.0.0.1:9", "-c", "0"},
      {"--color", "never", "--config=" + file, "ping", "127.0.0.1:9", "-c", "0"}
    };
    for (String[] line : lines) {
      InProcess program = program();
      assertEquals(64, program.run(line));
      String text = program.errors();
      assertTrue(text.startsWith("{\"error\":"), text);
    }
  }

  @Test
  void wrongUseIsJsonWhereTheFileOrALetterAmongOthersAsksForIt() throws Exception {
    String ofFile = errorsOf("json = true\n", "ping", "127.0.0.1:9", "--nonsense");
    assertTrue(ofFile.startsWith("{\"error\":"), ofFile);
    String letters = errorsOf("", "ping", "-uJ", "127.0.0.1:9", "--nonsense");
    assertTrue(letters.startsWith("{\"error\":"), letters);
  }
}
