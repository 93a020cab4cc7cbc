package io.posthorn.cli;

import java.nio.file.InvalidPathException;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Says what is wrong with a command line, or with the settings that stand in for it.
 *
 * @param root whose options were read up to what is wrong
 * @param settings the file that gives defaults, or null
 */
record WrongUse(Posthorn root, @Nullable ConfigFile settings)
    implements IParameterExceptionHandler {
  /** Switches of one letter in one word, J among them. */
  private static final Pattern JSON = Pattern.compile("-[A-Za-z]*J[A-Za-z]*");

  /** An option of one letter, perhaps with its value. */
  private static final Pattern LETTER = Pattern.compile("-[A-Za-z](?:[^A-Za-z].*)?");

  @Override
  public int handleParseException(ParameterException wrong, String[] given) {
    if (isJsonAsked(given)
        || (settings != null
            && settings.isOn(wrong.getCommandLine(), "json", "J", "json-stream"))) {
      root.setJson(true);
    }
    Failure ofSettings = settings == null ? null : settings.failure(wrong);
    return root.fail(
        Posthorn.name(wrong.getCommandLine()),
        ofSettings != null ? ofSettings : usageFailure(wrong));
  }

  /** Whether a command line asks for JSON, as far as can be told without reading it in full. */
  static boolean isJsonAsked(String[] args) {
    for (String arg : args) {
      if (arg.equals("--json") || arg.equals("--json-stream") || JSON.matcher(arg).matches()) {
        return true;
      }
    }
    return false;
  }

  /** What is wrong, with a value in the words of whoever read it. */
  static String message(ParameterException wrong) {
    ArgSpec argument = wrong.getArgSpec();
    if (argument != null && wrong.getCause() instanceof TypeConversionException value) {
      String name =
          argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
      return name + ": " + value.getMessage();
    }
    String message = wrong.getMessage();
    return message == null ? "bad command line" : message;
  }

  /** What may be meant: of a letter the same one in the other case, which picocli leaves out. */
  private static List<String> suggestions(UnmatchedArgumentException wrong) {
    String word = wrong.getUnmatched().get(0);
    if (wrong.isUnknownOption() && LETTER.matcher(word).matches()) {
      char letter = word.charAt(1);
      String other =
          "-"
              + (Character.isLowerCase(letter)
                  ? Character.toUpperCase(letter)
                  : Character.toLowerCase(letter));
      OptionSpec option = wrong.getCommandLine().getCommandSpec().findOption(other);
      if (option != null && !option.hidden()) {
        String name = option.longestName();
        return List.of(name.equals(other) ? other : other + " (" + name + ")");
      }
    }
    return wrong.getSuggestions();
  }

  private static Failure usageFailure(ParameterException wrong) {
    StringBuilder remedy = new StringBuilder();
    List<String> suggestions =
        wrong instanceof UnmatchedArgumentException unmatched ? suggestions(unmatched) : List.of();
    if (!suggestions.isEmpty()) {
      remedy.append("did you mean ").append(String.join(" or ", suggestions)).append("? ");
    }
    remedy.append("see ").append(Posthorn.name(wrong.getCommandLine())).append(" --help");
    String message = message(wrong);
    Throwable cause = wrong.getCause();
    if (cause instanceof Failure failure) {
      return failure;
    }
    if (cause instanceof InvalidPathException path) {
      return Failures.of(path);
    }
    if (wrong instanceof UnmatchedArgumentException unmatched && !unmatched.isUnknownOption()) {
      String word = "\"" + TextSafety.visible(unmatched.getUnmatched().get(0)) + "\"";
      boolean isCommand = !wrong.getCommandLine().getSubcommands().isEmpty();
      message = isCommand ? "no command " + word : word + " is too much";
    }
    return new Failure(ExitCode.USAGE, message, remedy.toString());
  }
}
