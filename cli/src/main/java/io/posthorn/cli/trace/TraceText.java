package io.posthorn.cli.trace;

import io.posthorn.cli.trace.TraceEvent.Flow;
import io.posthorn.cli.trace.TraceEvent.Way;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Events as lines for people: time, whose, which way, what, how long, and what is in it. */
public final class TraceText {
  private static final double NANOS_PER_SECOND = 1e9;

  private TraceText() {}

  /** One line; what comes from a file is in it as it is. */
  public static String of(TraceEvent event) {
    StringBuilder line = new StringBuilder(120);
    line.append(String.format(Locale.ROOT, "%12.6f  ", event.nanos() / NANOS_PER_SECOND));
    line.append(flow(event.flow())).append("  ");
    if (event.way() != Way.SEEN) {
      line.append(
          switch (event.way()) {
            case SENT -> "->  ";
            case RECEIVED -> "<-  ";
            case DROPPED -> "<x  ";
            default -> "    ";
          });
    }
    Object number = event.details().get("number");
    Object bytes = event.details().get("bytes");
    String what = number == null ? event.what() : event.what() + " " + number;
    line.append(bytes == null ? what : String.format(Locale.ROOT, "%-10s %5s B", what, bytes));
    String separator = "  ";
    for (Map.Entry<String, Object> each : event.details().entrySet()) {
      if (isSaid(event, each.getKey())) {
        line.append(separator).append(words(each.getKey(), each.getValue()));
        separator = ", ";
      }
    }
    for (TraceFrame frame : event.frames()) {
      line.append(separator).append(words(frame));
      separator = ", ";
    }
    return line.toString().stripTrailing();
  }

  /** What stands in a column already, or would stand in every line and say nothing. */
  private static boolean isSaid(TraceEvent event, String name) {
    return switch (name) {
      case "number", "bytes" -> false;
      case "keyPhase" -> !Long.valueOf(0).equals(event.details().get(name));
      case "id" -> !event.what().equals("data");
      default -> true;
    };
  }

  private static String flow(Flow flow) {
    return flow.from().isEmpty()
        ? String.format(Locale.ROOT, "%-16s", flow.connection())
        : flow.from() + " > " + flow.to();
  }

  private static String words(String name, Object value) {
    // Words that speak for themselves.
    boolean plain =
        name.equals("reason")
            || name.equals("says")
            || name.equals("comment")
            || name.equals("now");
    return plain ? String.valueOf(value) : name + " " + value(value);
  }

  private static String words(TraceFrame frame) {
    StringBuilder words = new StringBuilder(frame.type());
    String separator = "(";
    for (Map.Entry<String, Object> each : frame.fields().entrySet()) {
      boolean ranges = each.getValue() instanceof List<?>;
      words.append(separator).append(ranges ? "" : each.getKey() + " ");
      words.append(value(each.getValue()));
      separator = " ";
    }
    return separator.equals("(") ? words.toString() : words.append(')').toString();
  }

  private static String value(Object value) {
    if (value instanceof List<?> list) {
      StringBuilder words = new StringBuilder();
      for (Object each : list) {
        if (each instanceof Map<?, ?> range) {
          words.append(words.isEmpty() ? "" : ",").append(range.get("first"));
          if (!String.valueOf(range.get("first")).equals(String.valueOf(range.get("last")))) {
            words.append('-').append(range.get("last"));
          }
        }
      }
      return words.toString();
    }
    return value instanceof Double number ? decimal(number) : String.valueOf(value);
  }

  private static String decimal(double number) {
    return number == Math.rint(number) && Math.abs(number) < 1e15
        ? Long.toString((long) number)
        : String.format(Locale.ROOT, "%.3f", number);
  }
}
