package io.posthorn.cli;

import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The program: reads the command line, runs one command, and turns its end into an exit status. */
@Command(
    name = "posthorn",
    description = {
      "Messages over UDP: plain, where the payload is the datagram, or reliable, where each message"
          + " arrives once, whole and in order, encrypted.",
      ""
    },
    synopsisSubcommandLabel = "COMMAND",
    versionProvider = Posthorn.Version.class,
    commandListHeading = "%nCommands:%n",
    optionListHeading = "%nEverywhere:%n",
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:done",
      "1:the answer is no: a ping unanswered, an assertion false",
      "64:the command line makes no sense",
      "65:the data cannot be sent or understood",
      "66:a file to read is missing",
      "68:unknown host",
      "69:nobody answered, or not to be had here",
      "70:a fault of this program",
      "73:a file cannot be created",
      "74:reading or writing failed",
      "75:try again later: time-out, port in use, peer gone",
      "76:the other side speaks otherwise",
      "77:identity or permission refused",
      "78:wrong settings",
      "128+n:ended by signal n",
      "255:a session with a child process failed, which otherwise gives its own status"
    },
    footer = {"", "posthorn help COMMAND tells more."})
public final class Posthorn implements Callable<Integer> {
  private final Streams streams;
  private final Signals signals;
  private final RunningSockets sockets;
  private final ProgressLine progress;

  @Spec private @Nullable CommandSpec spec;

  private boolean json;
  private boolean jsonStream;
  private boolean quiet;
  private boolean[] verbose = {};
  private Output.ColorWhen color = Output.ColorWhen.AUTO;
  private EndpointAddress.Family family = EndpointAddress.Family.ANY;

  /** A command within another program: nobody signals it, and it tells nobody of its sockets. */
  Posthorn(Streams streams) {
    this(streams, Signals.none(), new RunningSockets());
  }

  Posthorn(Streams streams, Signals signals, RunningSockets sockets) {
    this.streams = streams;
    this.signals = signals;
    this.sockets = sockets;
    progress = new ProgressLine(streams);
  }

  @Option(
      names = {"-J", "--json"},
      scope = ScopeType.INHERIT,
      description = "Results, and all on standard error, as JSON objects, one a line.")
  void setJson(boolean value) {
    json = value;
  }

  @Option(
      names = "--json-stream",
      scope = ScopeType.INHERIT,
      description = "As --json, and figures while it runs, each as it comes.")
  void setJsonStream(boolean value) {
    jsonStream = value;
  }

  @Option(
      names = "--quiet",
      scope = ScopeType.INHERIT,
      description = "Nothing on standard error but errors.")
  void setQuiet(boolean value) {
    quiet = value;
  }

  @Option(
      names = {"-v", "--verbose"},
      scope = ScopeType.INHERIT,
      description = "More on standard error; stack traces of errors.")
  void setVerbose(boolean[] value) {
    verbose = value;
  }

  @Option(
      names = "--color",
      paramLabel = "WHEN",
      scope = ScopeType.INHERIT,
      description = "Colours on a terminal: auto, always or never. NO_COLOR is honoured.")
  void setColor(Output.ColorWhen value) {
    color = value;
  }

  @Option(
      names = "--config",
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      description = {
        "Defaults of options, \"name = value\" a line, under \"[command]\" for one command; else"
            + " ~/.config/posthorn/config if it is there."
      })
  void setConfig(String file) {
    // Read before the command line is: see ConfigFile.
  }

  @Option(
      names = "-4",
      scope = ScopeType.INHERIT,
      description = "Of a name take IPv4 addresses only; a listener hears IPv4 alone.")
  void setIpv4(boolean value) {
    family = value ? EndpointAddress.Family.IPV4 : family;
  }

  @Option(
      names = "-6",
      scope = ScopeType.INHERIT,
      description = {
        "Of a name take IPv6 addresses only; a listener hears IPv6 alone, and says [::]:9000. To"
            + " listen at [::] without it is to hear both, and says *:9000."
      })
  void setIpv6(boolean value) {
    family = value ? EndpointAddress.Family.IPV6 : family;
  }

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "What this command does and takes.")
  boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      scope = ScopeType.INHERIT,
      description = "The version.")
  boolean version;

  /**
   * The options that every command takes.
   *
   * @param json whether results and errors are JSON
   * @param jsonStream whether figures are told while the command runs, in JSON too
   * @param quiet whether standard error carries errors only
   * @param verbosity how much more is said, 0 or more
   * @param color when colours are used
   * @param family which addresses of a name are taken, and which peers a listener hears
   */
  record Everywhere(
      boolean json,
      boolean jsonStream,
      boolean quiet,
      int verbosity,
      Output.ColorWhen color,
      EndpointAddress.Family family) {}

  Everywhere everywhere() {
    return new Everywhere(json || jsonStream, jsonStream, quiet, verbose.length, color, family);
  }

  Streams streams() {
    return streams;
  }

  Signals signals() {
    return signals;
  }

  RunningSockets sockets() {
    return sockets;
  }

  /** The command that was asked for; this one itself before it is known. */
  @Nullable CommandSpec asked() {
    CommandSpec mine = spec;
    ParseResult parsed = mine == null ? null : mine.commandLine().getParseResult();
    while (parsed != null && parsed.hasSubcommand()) {
      parsed = parsed.subcommand();
    }
    return parsed == null ? mine : parsed.commandSpec();
  }

  /** Whether the command that was asked for has such an option. */
  boolean knows(String option) {
    CommandSpec command = asked();
    return command != null && command.findOption(option) != null;
  }

  /** The output of a command, which may have a switch of its own for quiet. */
  Output output(boolean quietHere) {
    return new Output(streams, progress, everywhere(), quietHere);
  }

  /** The output of a command with the short word for quiet. */
  Output output(QuietFlag quietHere) {
    return output(quietHere.isGiven());
  }

  /** No command was given. */
  @Override
  public Integer call() throws Failure {
    CommandSpec mine = spec;
    if (json || jsonStream) {
      throw new Failure(ExitCode.USAGE, "no command", "see posthorn --help");
    }
    if (mine != null) {
      output(false).usage(mine.commandLine().getUsageMessage().stripTrailing());
    }
    return ExitCode.USAGE.status();
  }

  /** What a manifest says; a run from classes has none. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String packaged = Posthorn.class.getPackage().getImplementationVersion();
      return new String[] {
        "posthorn "
            + (packaged == null ? "(not packaged)" : packaged)
            + ", Java "
            + System.getProperty("java.version")
      };
    }
  }

  /**
   * Runs the program.
   *
   * @param args the command line
   */
  public static void main(String[] args) {
    // Before anything loads Kryo: its use of Unsafe warns on new Java versions.
    if (System.getProperty("kryo.unsafe") == null) {
      System.setProperty("kryo.unsafe", "false");
    }
    LogSettings.use();
    Signals signals = Signals.ofProcess();
    signals.install();
    Streams streams = Streams.ofProcess();
    RunningSockets sockets = new RunningSockets();
    sockets.enable(String.valueOf(firstWord(args)), streams.environment());
    int status = new Posthorn(streams, signals, sockets).runTyped(args);
    sockets.close();
    signals.finished();
    System.exit(signals.statusOr(status));
  }

  /** Runs what was typed, which the locale may have damaged. */
  private int runTyped(String[] args) {
    String[] words;
    try {
      words = Words.ofProcess(args);
    } catch (Failure lost) {
      json = WrongUse.isJsonAsked(args);
      return fail("posthorn", lost);
    }
    return run(words);
  }

  /** Runs one command line and answers its exit status; once. */
  int run(String... args) {
    try {
      ConfigFile config = ConfigFile.find(args, streams.environment());
      CommandLine line = commandLine(this, args, config != null);
      line.setExpandAtFiles(false); // a message or a folder's name may begin with @
      line.registerConverter(Path.class, new PathName());
      line.registerConverter(int.class, new WholeNumber.OfInt());
      line.registerConverter(Integer.class, new WholeNumber.OfInt());
      line.registerConverter(long.class, new WholeNumber.OfLong());
      line.registerConverter(Long.class, new WholeNumber.OfLong());
      line.registerConverter(Framing.class, new EnumWord<>(List.of(Framing.values())));
      line.registerConverter(
          Output.ColorWhen.class, new EnumWord<>(List.of(Output.ColorWhen.values())));
      line.registerConverter(
          CompletionCommand.Shell.class, new EnumWord<>(List.of(CompletionCommand.Shell.values())));
      line.setOut(writer(streams.out()));
      line.setErr(writer(streams.err()));
      line.setParameterExceptionHandler(new WrongUse(this, config));
      line.setExecutionStrategy(new RunAsked());
      line.setExecutionExceptionHandler(new EndedByError(this));
      if (config != null) {
        config.apply(line, () -> commandLine(new Posthorn(streams), new String[0], false));
      }
      return line.execute(args);
    } catch (Failure wrongSettings) {
      json = WrongUse.isJsonAsked(args);
      return fail("posthorn", wrongSettings);
    } catch (InvalidPathException | OutOfMemoryError | StackOverflowError fault) {
      return fail("posthorn", Failures.of(fault));
    }
  }

  // Classes, where a lambda would do: of picocli's interfaces, whose class files are old, Java's
  // archive keeps those alone that no lambda implements, and with each all that it is a part of.

  /** A path as it was written; picocli's own converter drops the reason why it cannot be one. */
  private static final class PathName implements ITypeConverter<Path> {
    @Override
    public Path convert(String value) {
      return Path.of(value);
    }
  }

  /** Runs the command, if what may be typed before and behind its name makes sense together. */
  private static final class RunAsked extends CommandLine.RunLast {
    @Override
    protected List<Object> handle(ParseResult parsed) {
      boolean ipv4 = parsed.hasMatchedOption("-4");
      boolean ipv6 = parsed.hasMatchedOption("-6");
      ParseResult last = parsed;
      while (last.hasSubcommand()) {
        last = last.subcommand();
        ipv4 |= last.hasMatchedOption("-4");
        ipv6 |= last.hasMatchedOption("-6");
      }
      if (ipv4 && ipv6) {
        throw new ParameterException(
            last.commandSpec().commandLine(),
            "-4 and -6",
            new Failure(ExitCode.USAGE, "-4 and -6", "take one of them"));
      }
      Posthorn root = (Posthorn) parsed.commandSpec().userObject();
      LogSettings.setJson(root.everywhere().json());
      return super.handle(parsed);
    }
  }

  /** Says why a command ended. */
  private record EndedByError(Posthorn root) implements IExecutionExceptionHandler {
    @Override
    public int handleExecutionException(Exception thrown, CommandLine at, ParseResult parsed) {
      return root.fail(name(at), Failures.of(thrown));
    }
  }

  private static java.io.PrintWriter writer(java.io.OutputStream stream) {
    return new java.io.PrintWriter(
        new java.io.OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
  }

  static String name(CommandLine at) {
    return at.getCommandSpec().qualifiedName();
  }

  /** Says why the program ends; answers its exit status. */
  int fail(String command, Failure failure) {
    output(false).failure(command, failure);
    return failure.code().status();
  }

  /**
   * The commands; each class is loaded when it is asked for, which makes the program start fast.
   */
  private static Map<String, Function<Posthorn, Object>> commands() {
    Map<String, Function<Posthorn, Object>> commands = new LinkedHashMap<>();
    commands.put("listen", ListenCommand::new);
    commands.put("send", SendCommand::new);
    commands.put("connect", ConnectCommand::new);
    commands.put("copy", CopyCommand::new);
    commands.put("receive", ReceiveCommand::new);
    commands.put("ping", PingCommand::new);
    commands.put("compare", CompareCommand::new);
    commands.put("bench", BenchCommand::new);
    commands.put("proxy", ProxyCommand::new);
    commands.put("sockets", SocketsCommand::new);
    commands.put("keys", KeysCommand::new);
    commands.put("doctor", DoctorCommand::new);
    commands.put("trace", TraceCommand::new);
    commands.put("completion", CompletionCommand::new);
    commands.put("help", HelpCommand::new);
    return commands;
  }

  /**
   * The program's commands, or the one that is asked for.
   *
   * @param settings whether a file gives defaults, which would turn what is typed around
   */
  static CommandLine commandLine(Posthorn root, String[] args, boolean settings) {
    Map<String, Function<Posthorn, Object>> commands = commands();
    String asked = firstWord(args);
    CommandLine line = new CommandLine(root);
    if (settings) {
      ConfigFile.keepSwitchesOn(line.getCommandSpec());
    }
    boolean one = asked != null && commands.containsKey(asked) && !isAboutAll(asked);
    commands.forEach(
        (name, make) -> {
          if (!one || name.equals(asked)) {
            CommandLine command = new CommandLine(make.apply(root));
            Examples.addTo(command.getCommandSpec());
            RefusedOptions.hide(command.getCommandSpec());
            if (settings) {
              ConfigFile.keepSwitchesOn(command.getCommandSpec());
            }
            line.addSubcommand(name, command);
          }
        });
    return line;
  }

  private static boolean isAboutAll(String command) {
    return command.equals("completion") || command.equals("help");
  }

  /**
   * The command: the first word that is neither an option nor the value of one that may stand
   * before the command.
   */
  private static @Nullable String firstWord(String[] args) {
    for (int at = 0; at < args.length; at++) {
      String arg = args[at];
      if (arg.equals("--config") || arg.equals("--color")) {
        at++;
      } else if (!arg.startsWith("-")) {
        return arg.toLowerCase(Locale.ROOT).equals(arg) ? arg : null;
      }
    }
    return null;
  }
}
