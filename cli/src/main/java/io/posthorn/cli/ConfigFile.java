package io.posthorn.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * Defaults for options, from a file of lines:
 *
 * <pre>
 * # for every command that has the option
 * color = never
 * [ping]
 * interval = 0.2
 * </pre>
 *
 * <p>A name is that of an option, long or short, without its dashes; a switch is {@code true}. What
 * the command line says wins.
 */
final class ConfigFile implements IDefaultValueProvider {
  private static final Pattern NAME = Pattern.compile("-{0,2}[A-Za-z0-9][A-Za-z0-9-]*");
  private static final String OPTION = "--config";

  /** A line of the file. */
  private record Entry(String value, int line) {}

  private final Path file;
  private final Map<String, Map<String, Entry>> sections = new LinkedHashMap<>();
  private final Map<String, Integer> sectionLines = new LinkedHashMap<>();

  /** The one command that was asked for; empty if it is none, or one about all of them. */
  private String chosen = "";

  private ConfigFile(Path file) {
    this.file = file;
  }

  /**
   * Reads the file that the command line names, or the user's own if there is one.
   *
   * @return null if there is none
   */
  static @Nullable ConfigFile find(String[] args, Map<String, String> environment) throws Failure {
    Path named = named(args);
    PosthornHome home = PosthornHome.of(environment);
    Path own = home == null || !Files.isDirectory(home.folder()) ? null : home.config();
    Path file = named != null ? named : own;
    if (file == null) {
      return null;
    }
    ConfigFile config = new ConfigFile(file);
    try {
      config.parse(Files.readAllLines(InputFile.of(file), StandardCharsets.UTF_8));
      return config;
    } catch (NoSuchFileException absent) {
      if (named == null) {
        return null;
      }
      throw new Failure(
          ExitCode.NO_INPUT, file + ": no such file", "check what --config names", absent);
    } catch (IOException unreadable) {
      throw new Failure(
          ExitCode.NO_INPUT,
          file + ": cannot be read as text: " + unreadable.getMessage(),
          "check the file and who may read it",
          unreadable);
    }
  }

  private static @Nullable Path named(String[] args) {
    for (int at = 0; at < args.length; at++) {
      if (args[at].equals(OPTION) && at + 1 < args.length) {
        return Path.of(args[at + 1]);
      }
      if (args[at].startsWith(OPTION + "=")) {
        return Path.of(args[at].substring(OPTION.length() + 1));
      }
      if (args[at].equals("--")) {
        return null;
      }
    }
    return null;
  }

  private void parse(List<String> lines) throws Failure {
    String section = "";
    for (int number = 1; number <= lines.size(); number++) {
      String line = lines.get(number - 1).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      if (line.startsWith("[") && line.endsWith("]")) {
        section = line.substring(1, line.length() - 1).strip();
        sectionLines.putIfAbsent(section, number);
        continue;
      }
      int equals = line.indexOf('=');
      if (equals < 1) {
        throw wrong(number, "\"" + line + "\" is neither \"name = value\" nor \"[command]\"");
      }
      String name = line.substring(0, equals).strip();
      if (!NAME.matcher(name).matches()) {
        throw wrong(number, "\"" + line + "\" begins with no option's name");
      }
      sections
          .computeIfAbsent(section, any -> new LinkedHashMap<>())
          .put(bare(name), new Entry(line.substring(equals + 1).strip(), number));
    }
  }

  private static String bare(String optionName) {
    return optionName.replaceAll("^--?", "");
  }

  private Failure wrong(int line, String what) {
    return new Failure(
        ExitCode.CONFIGURATION,
        file + ": line " + line + ": " + TextSafety.visible(what),
        "correct it, or use another file with --config");
  }

  /**
   * Checks the names of sections, those of options that concern every command or one that is
   * loaded, and gives the options of those loaded these defaults.
   *
   * @param root with the commands that are loaded
   * @param whole loads all commands; not called where those loaded know all names
   */
  void apply(CommandLine root, Supplier<CommandLine> whole) throws Failure {
    Set<String> loaded = new TreeSet<>();
    Set<String> loadedCommands = new TreeSet<>();
    gather(root, loadedCommands, loaded);
    Map<String, Entry> everywhere = sections.getOrDefault("", Map.of());
    if (!loaded.containsAll(everywhere.keySet())
        || !loadedCommands.containsAll(sectionLines.keySet())) {
      Set<String> names = new TreeSet<>();
      Set<String> all = new TreeSet<>();
      gather(whole.get(), all, names);
      check(everywhere, names);
      checkSections(all);
    }
    Map<String, CommandLine> commands = root.getSubcommands();
    if (commands.size() == 1) {
      chosen = commands.keySet().iterator().next();
    }
    for (Map.Entry<String, Map<String, Entry>> section : sections.entrySet()) {
      CommandLine command = commands.get(section.getKey());
      if (command != null) {
        check(section.getValue(), names(command.getCommandSpec()));
      }
    }
    root.setDefaultValueProvider(this);
  }

  /**
   * A switch that is typed is on, whatever the file says; picocli would have it turn its default
   * around. To be called before the command is made a part of another.
   */
  static void keepSwitchesOn(CommandSpec command) {
    for (OptionSpec option : List.copyOf(command.options())) {
      boolean isSwitch = option.arity().max() == 0 && !option.isMultiValue();
      if (isSwitch && !option.usageHelp() && !option.versionHelp()) {
        command.remove(option);
        command.addOption(option.toBuilder().fallbackValue("true").build());
      }
    }
  }

  /** The names of a command and those below it, and of their options. */
  private static void gather(CommandLine command, Set<String> commands, Set<String> options) {
    commands.add(command.getCommandName());
    options.addAll(names(command.getCommandSpec()));
    command.getSubcommands().values().forEach(below -> gather(below, commands, options));
  }

  private void checkSections(Set<String> commands) throws Failure {
    for (Map.Entry<String, Integer> section : sectionLines.entrySet()) {
      if (!section.getKey().isEmpty() && !commands.contains(section.getKey())) {
        throw wrong(
            section.getValue(),
            "no command \"" + section.getKey() + "\"; there are " + String.join(", ", commands));
      }
    }
  }

  private void check(Map<String, Entry> section, Set<String> known) throws Failure {
    for (Map.Entry<String, Entry> entry : section.entrySet()) {
      if (!known.contains(entry.getKey())) {
        throw wrong(
            entry.getValue().line,
            "no option \"" + entry.getKey() + "\"; there are " + String.join(", ", known));
      }
    }
  }

  private static Set<String> names(CommandSpec command) {
    return command.options().stream()
        .filter(option -> !option.hidden())
        .flatMap(option -> List.of(option.names()).stream())
        .map(ConfigFile::bare)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Override
  public @Nullable String defaultValue(ArgSpec argument) {
    Entry entry = entry(argument);
    return entry == null ? null : entry.value;
  }

  private @Nullable Entry entry(@Nullable ArgSpec argument) {
    if (!(argument instanceof OptionSpec option) || option.hidden()) {
      return null;
    }
    List<String> names = List.of(option.names()).stream().map(ConfigFile::bare).toList();
    return names.contains(bare(OPTION)) ? null : entry(argument.command(), names);
  }

  private @Nullable Entry entry(CommandSpec command, List<String> names) {
    // What every command takes is the root's, whichever command it stands beside.
    for (String section : List.of(chosen, command.name(), "")) {
      for (String name : names) {
        Entry entry = sections.getOrDefault(section, Map.of()).get(name);
        if (entry != null) {
          return entry;
        }
      }
    }
    return null;
  }

  /** Whether a command has one of these switches on. */
  boolean isOn(CommandLine command, String... names) {
    for (String name : names) {
      Entry entry = entry(command.getCommandSpec(), List.of(name));
      if (entry != null && Boolean.parseBoolean(entry.value)) {
        return true;
      }
    }
    return false;
  }

  /** What is wrong with a value of the file, if that is what the parser could not read. */
  @Nullable Failure failure(ParameterException wrong) {
    Entry entry = entry(wrong.getArgSpec());
    if (entry == null || !entry.value.equals(wrong.getValue())) {
      return null;
    }
    return wrong(entry.line, WrongUse.message(wrong));
  }
}
