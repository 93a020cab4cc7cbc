package io.posthorn.cli.compare;

import io.posthorn.cli.compare.Assertion.Claim;
import io.posthorn.cli.compare.Assertion.Operand;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads the text of an {@link Assertion}; every error names its column. */
final class AssertionParser {
  private static final int DEEPEST = 100;
  private static final String[] COMPARISONS = {"<=", ">=", "==", "!=", "<", ">"};

  private final String text;
  private int at;
  private int depth;

  /** An operand, what it counts (null: a bare number, which fits a count), and where it stood. */
  private record Typed(Operand operand, Metric.@Nullable Unit unit, int column) {}

  AssertionParser(String text) {
    this.text = text;
  }

  Claim parse() {
    Claim claim = or();
    skipBlanks();
    if (at < text.length()) {
      throw wrong(at, "&&, || or the end");
    }
    return claim;
  }

  private Claim or() {
    Claim left = and();
    while (take("||")) {
      Claim first = left;
      Claim second = and();
      left = (comparison, run) -> first.holds(comparison, run) || second.holds(comparison, run);
    }
    return left;
  }

  private Claim and() {
    Claim left = claim();
    while (take("&&")) {
      Claim first = left;
      Claim second = claim();
      left = (comparison, run) -> first.holds(comparison, run) && second.holds(comparison, run);
    }
    return left;
  }

  private Claim claim() {
    if (!take("(")) {
      return comparison();
    }
    if (++depth > DEEPEST) {
      throw wrong(at, "at most " + DEEPEST + " parentheses in one another");
    }
    Claim inner = or();
    depth--;
    if (!take(")")) {
      throw wrong(at, "&&, || or )");
    }
    return inner;
  }

  private Claim comparison() {
    Typed left = operand();
    skipBlanks();
    String operator = null;
    for (String candidate : COMPARISONS) {
      if (take(candidate)) {
        operator = candidate;
        break;
      }
    }
    if (operator == null) {
      throw wrong(at, "one of < <= > >= == !=");
    }
    Typed right = operand();
    checkUnits(left, right);
    Operand a = left.operand;
    Operand b = right.operand;
    return switch (operator) {
      case "<" -> (all, run) -> a.value(all, run) < b.value(all, run);
      case "<=" -> (all, run) -> a.value(all, run) <= b.value(all, run);
      case ">" -> (all, run) -> a.value(all, run) > b.value(all, run);
      case ">=" -> (all, run) -> a.value(all, run) >= b.value(all, run);
      case "==" -> (all, run) -> a.value(all, run) == b.value(all, run);
      default -> (all, run) -> a.value(all, run) != b.value(all, run);
    };
  }

  private void checkUnits(Typed left, Typed right) {
    Metric.Unit a = left.unit == null ? Metric.Unit.COUNT : left.unit;
    Metric.Unit b = right.unit == null ? Metric.Unit.COUNT : right.unit;
    if (a != b) {
      throw wrong(right.column, a.words() + " like the other side, such as " + a.example());
    }
  }

  private Typed operand() {
    skipBlanks();
    int column = at;
    if (at == text.length()) {
      throw wrong(at, "a figure such as reliable.p99, or a number");
    }
    char c = text.charAt(at);
    if (c >= '0' && c <= '9') {
      return number(column);
    }
    String transportWord = word();
    Transport transport = null;
    for (Transport candidate : Transport.values()) {
      if (candidate.word().equals(transportWord)) {
        transport = candidate;
      }
    }
    if (transport == null) {
      throw wrong(column, "plain, reliable, tcp or a number");
    }
    if (at == text.length() || text.charAt(at) != '.') {
      throw wrong(at, "a point and a metric, such as " + transportWord + ".lost");
    }
    at++;
    int metricColumn = at;
    Metric metric = Metric.find(word());
    if (metric == null) {
      throw wrong(
          metricColumn,
          "one of "
              + Arrays.stream(Metric.values()).map(Metric::word).collect(Collectors.joining(", ")));
    }
    Transport of = transport;
    return new Typed((all, run) -> Assertion.figure(all, of, metric, run), metric.unit(), column);
  }

  private Typed number(int column) {
    while (at < text.length() && (isDigit(text.charAt(at)) || text.charAt(at) == '.')) {
      at++;
    }
    double number;
    try {
      number = Double.parseDouble(text.substring(column, at));
    } catch (NumberFormatException notOne) {
      at = column;
      throw wrong(column, "a number such as 5 or 0.5");
    }
    int unitColumn = at;
    String unit = at < text.length() && text.charAt(at) == '%' ? "%" : word();
    if (unit.equals("%")) {
      at++;
    }
    return switch (unit.toLowerCase(Locale.ROOT)) {
      case "" -> typed(number, null, column);
      case "%" -> typed(number / 100, Metric.Unit.SHARE, column);
      case "us" -> typed(number * 1e3, Metric.Unit.TIME, column);
      case "ms" -> typed(number * 1e6, Metric.Unit.TIME, column);
      case "s" -> typed(number * 1e9, Metric.Unit.TIME, column);
      case "bit" -> typed(number, Metric.Unit.RATE, column);
      case "kbit" -> typed(number * 1e3, Metric.Unit.RATE, column);
      case "mbit" -> typed(number * 1e6, Metric.Unit.RATE, column);
      case "gbit" -> typed(number * 1e9, Metric.Unit.RATE, column);
      default -> throw wrong(unitColumn, "us, ms, s, %, bit, kbit, mbit or gbit");
    };
  }

  private static Typed typed(double value, Metric.@Nullable Unit unit, int column) {
    return new Typed((all, run) -> value, unit, column);
  }

  private String word() {
    int start = at;
    while (at < text.length() && (isLetter(text.charAt(at)) || isDigit(text.charAt(at)))) {
      at++;
    }
    return text.substring(start, at);
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private boolean take(String symbol) {
    skipBlanks();
    if (!text.startsWith(symbol, at)) {
      return false;
    }
    at += symbol.length();
    return true;
  }

  private void skipBlanks() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
  }

  private IllegalArgumentException wrong(int position, String expected) {
    String found =
        position >= text.length() ? "its end" : "\"" + text.substring(position).strip() + "\"";
    return new IllegalArgumentException(
        "assertion, column " + (position + 1) + ", at " + found + ": expected " + expected);
  }
}
