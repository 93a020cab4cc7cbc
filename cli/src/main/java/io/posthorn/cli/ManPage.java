package io.posthorn.cli;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** A manual page in the language of man(7), from what picocli knows of a command. */
final class ManPage {
  private final StringBuilder page = new StringBuilder();
  private final CommandLine line;

  private ManPage(CommandLine line) {
    this.line = line;
  }

  static String of(CommandLine line) {
    return new ManPage(line).write();
  }

  private String write() {
    CommandSpec spec = line.getCommandSpec();
    UsageMessageSpec usage = spec.usageMessage();
    String name = spec.qualifiedName("-");
    String[] description = usage.description();
    page.append(".TH ")
        .append(name.toUpperCase(java.util.Locale.ROOT))
        .append(" 1 \"\" Posthorn\n");
    section("NAME");
    text(name + " \\- ", description.length == 0 ? "" : description[0]);
    section("SYNOPSIS");
    page.append(".nf\n");
    for (String row : line.getHelp().synopsis(0).stripTrailing().lines().toList()) {
      text("", row);
    }
    page.append(".fi\n");
    section("DESCRIPTION");
    paragraphs(description);
    section("OPTIONS");
    for (PositionalParamSpec parameter : spec.positionalParameters()) {
      item(parameter.paramLabel(), parameter);
    }
    for (OptionSpec option : spec.options()) {
      if (!option.hidden()) {
        boolean valued = option.arity().max() > 0;
        item(String.join(", ", option.names()) + (valued ? " " + option.paramLabel() : ""), option);
      }
    }
    if (!line.getSubcommands().isEmpty()) {
      section("COMMANDS");
      line.getSubcommands()
          .forEach(
              (command, its) -> {
                String[] says = its.getCommandSpec().usageMessage().description();
                page.append(".TP\n");
                text(".B ", command);
                text("", says.length == 0 ? "" : says[0]);
              });
    }
    UsageMessageSpec root = line.getCommandSpec().root().usageMessage();
    section("EXIT STATUS");
    root.exitCodeList()
        .forEach(
            (status, meaning) -> {
              page.append(".TP\n");
              text(".B ", status);
              text("", meaning);
            });
    if (usage.footer().length > 0) {
      section("EXAMPLES");
      page.append(".nf\n");
      paragraphs(usage.footer());
      page.append(".fi\n");
    }
    return page.toString();
  }

  private void section(String title) {
    page.append(".SH ").append(title).append('\n');
  }

  private void item(String term, ArgSpec argument) {
    page.append(".TP\n");
    text(".B ", term);
    String description = String.join(" ", List.of(argument.description()));
    String value = argument.defaultValueString(true);
    text("", description.replace("${DEFAULT-VALUE}", value == null ? "none" : value));
  }

  private void paragraphs(String... paragraphs) {
    for (String paragraph : paragraphs) {
      if (paragraph.isEmpty()) {
        page.append(".PP\n");
      } else {
        text("", paragraph);
      }
    }
  }

  /** A line of text, in which nothing is an order to the formatter. */
  private void text(String before, String raw) {
    String plain = Ansi.OFF.string(raw.replace("%%", "%").replace("%n", " "));
    String safe = plain.replace("\\", "\\e").replace("-", "\\-");
    boolean order = before.isEmpty() && (safe.startsWith(".") || safe.startsWith("'"));
    page.append(before).append(order ? "\\&" : "").append(safe).append('\n');
  }
}
