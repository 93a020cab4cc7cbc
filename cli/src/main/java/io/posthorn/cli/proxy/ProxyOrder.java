package io.posthorn.cli.proxy;

import io.posthorn.simulation.LinkConditions;
import io.posthorn.simulation.Relay;
import java.util.Locale;

/** A line that a running proxy is told, done. */
public final class ProxyOrder {
  /** What there is to tell it. */
  public static final String HELP =
      "up SPEC, down SPEC or both SPEC (other conditions from now on), cut, mend, conditions,"
          + " statistics, quit";

  /** What the proxy is to do beyond what was done. */
  public enum Then {
    /** Go on. */
    GO_ON,
    /** Tell the figures. */
    STATISTICS,
    /** End. */
    QUIT
  }

  private final Then then;
  private final String answer;

  private ProxyOrder(Then then, String answer) {
    this.then = then;
    this.answer = answer;
  }

  /**
   * Does what a line says.
   *
   * @param line one of the orders of {@link #HELP}
   * @return what to do and to say next
   * @throws IllegalArgumentException if it says nothing sensible; nothing has changed then
   */
  public static ProxyOrder obey(Relay relay, String line) {
    String text = line.strip();
    int blank = text.indexOf(' ');
    String word = (blank < 0 ? text : text.substring(0, blank)).toLowerCase(Locale.ROOT);
    String rest = blank < 0 ? "" : text.substring(blank + 1).strip();
    switch (word) {
      case "up" -> relay.up(LinkConditions.parse(rest));
      case "down" -> relay.down(LinkConditions.parse(rest));
      case "both" -> {
        LinkConditions conditions = LinkConditions.parse(rest);
        relay.up(conditions);
        relay.down(conditions);
      }
      case "cut" -> {
        relay.cut(true);
        return new ProxyOrder(Then.GO_ON, "cut: nothing passes until \"mend\"");
      }
      case "mend" -> relay.cut(false);
      case "conditions" -> {}
      case "", "s", "statistics" -> {
        return new ProxyOrder(Then.STATISTICS, "");
      }
      case "q", "quit" -> {
        return new ProxyOrder(Then.QUIT, "");
      }
      default -> throw new IllegalArgumentException("no order \"" + word + "\": there are " + HELP);
    }
    return new ProxyOrder(Then.GO_ON, conditions(relay));
  }

  /** The conditions in force, in words. */
  public static String conditions(Relay relay) {
    return "up: " + relay.up() + "; down: " + relay.down();
  }

  /** What to do next. */
  public Then then() {
    return then;
  }

  /** What to say; may be empty. */
  public String answer() {
    return answer;
  }
}
