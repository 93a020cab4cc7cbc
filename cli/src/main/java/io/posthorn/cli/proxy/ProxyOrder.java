package io.posthorn.cli.proxy;

import io.posthorn.simulation.LinkConditions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A line that a running proxy is told, understood and not done yet: one order, or from a program
 * several, which are done all or not at all.
 */
public final class ProxyOrder {
  /** What there is to tell it. */
  public static final String HELP =
      "up SPEC, down SPEC or both SPEC (other conditions from now on), cut, mend, conditions,"
          + " statistics (of all since the start), quit";

  /** What no file's name after "replay" can hold. */
  private static final String BETWEEN = "\0";

  /** What one of its parts asks for. */
  public enum Verb {
    /** Other conditions upwards. */
    UP,
    /** Other conditions downwards. */
    DOWN,
    /** Other conditions both ways. */
    BOTH,
    /** Nothing passes. */
    CUT,
    /** Everything passes again. */
    MEND,
    /** The conditions in force. */
    CONDITIONS,
    /** The figures since the start. */
    STATISTICS,
    /** The end. */
    QUIT
  }

  /** A word that is no order. */
  public static final class UnknownOrderException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    UnknownOrderException(String what) {
      super(what);
    }
  }

  /**
   * One part of an order.
   *
   * @param conditions of {@link Verb#UP}, {@link Verb#DOWN} and {@link Verb#BOTH}
   */
  record Step(Verb verb, @Nullable LinkConditions conditions) {}

  private final List<Step> steps;

  private ProxyOrder(List<Step> steps) {
    this.steps = steps;
  }

  /**
   * Reads what a line says.
   *
   * @param line orders of {@link #HELP}
   * @throws UnknownOrderException if it begins with none of these
   * @throws IllegalArgumentException if it says nothing sensible of another kind
   */
  public static ProxyOrder parse(String line) {
    List<Step> steps = new ArrayList<>();
    for (String part : line.split(BETWEEN, -1)) {
      steps.add(step(part.strip()));
    }
    return new ProxyOrder(steps);
  }

  private static Step step(String text) {
    int blank = text.indexOf(' ');
    String rest = blank < 0 ? "" : text.substring(blank + 1).strip();
    Verb verb = verb(blank < 0 ? text : text.substring(0, blank));
    if (verb == null) {
      throw new UnknownOrderException("no order \"" + text + "\": there are " + HELP);
    }
    boolean changes = verb == Verb.UP || verb == Verb.DOWN || verb == Verb.BOTH;
    return new Step(verb, changes ? LinkConditions.parse(rest) : null);
  }

  private static @Nullable Verb verb(String word) {
    return switch (word.toLowerCase(Locale.ROOT)) {
      case "up" -> Verb.UP;
      case "down" -> Verb.DOWN;
      case "both" -> Verb.BOTH;
      case "cut" -> Verb.CUT;
      case "mend" -> Verb.MEND;
      case "conditions" -> Verb.CONDITIONS;
      case "", "s", "statistics" -> Verb.STATISTICS;
      case "q", "quit" -> Verb.QUIT;
      default -> null;
    };
  }

  /** Whether a word is one that orders begin with. */
  public static boolean begins(String word) {
    return verb(word) != null;
  }

  List<Step> steps() {
    return steps;
  }

  /**
   * What several of them say to do, in one.
   *
   * @param orders at least one
   */
  public static ProxyOrder all(List<ProxyOrder> orders) {
    return new ProxyOrder(orders.stream().flatMap(order -> order.steps.stream()).toList());
  }

  /** What is asked for: of several the last. */
  public Verb verb() {
    return steps.get(steps.size() - 1).verb();
  }

  /** Whether it only asks, so that it may be told to several proxies. */
  public boolean onlyAsks() {
    return verb() == Verb.CONDITIONS || verb() == Verb.STATISTICS;
  }

  /** The same as a line for a proxy in another folder. */
  public String toLine() {
    return steps.stream().map(ProxyOrder::line).collect(Collectors.joining(BETWEEN));
  }

  private static String line(Step step) {
    String verb = step.verb().name().toLowerCase(Locale.ROOT);
    LinkConditions conditions = step.conditions();
    if (conditions == null) {
      return verb;
    }
    String words = conditions.toString();
    String replay = "replay ";
    return verb
        + ' '
        + (words.startsWith(replay)
            ? replay + Path.of(words.substring(replay.length())).toAbsolutePath()
            : words);
  }
}
