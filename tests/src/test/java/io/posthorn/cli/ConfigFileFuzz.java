package io.posthorn.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;

import io.posthorn.fuzz.FuzzFile;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** A file of defaults is understood, or refused naming it and the line; a bad value as any. */
public final class ConfigFileFuzz {
  private static final FuzzFile FILE = new FuzzFile("config");

  private ConfigFileFuzz() {}

  @Command(
      name = "posthorn",
      subcommands = {Ping.class, Listen.class})
  static final class Root {
    @Option(names = "--color")
    String color;
  }

  @Command(name = "ping")
  static final class Ping {
    @Option(names = {"-i", "--interval"})
    double interval;

    @Option(names = "--json")
    boolean json;
  }

  @Command(name = "listen")
  static final class Listen {
    @Option(names = "--color")
    String color;
  }

  /** Takes the content of the file. */
  public static void fuzzerTestOneInput(byte[] content) {
    FILE.write(content);
    CommandLine root = new CommandLine(new Root());
    try {
      ConfigFile config =
          ConfigFile.find(new String[] {"--config", FILE.path().toString()}, Map.of());
      config.apply(root, () -> root);
    } catch (Failure refused) {
      FILE.assertNamed(refused);
      assertFalse(refused.what().chars().anyMatch(c -> c < ' '), "control characters");
      return;
    }
    for (String command : List.of("ping", "listen")) {
      try {
        root.parseArgs(command);
      } catch (ParameterException wrong) {
        assertFalse(String.valueOf(wrong.getMessage()).isBlank());
      }
    }
  }

  /** Inputs that say something. */
  public static List<byte[]> seeds() {
    return List.of(
        bytes("# for all\ncolor = never\n[ping]\ninterval = 0.2\n--json = true\n"),
        bytes("[ping]\ni=5\n[listen]\n-color = a b\n[none]\nx = 1\n"),
        bytes("[ping]\ninterval = often\n"),
        bytes("[ping]\nwhat = 1\n"),
        bytes("color never\n"),
        bytes("= 3\n"),
        bytes("[ping\n"),
        bytes("color = ${sys:user.home}\n"));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
