package io.posthorn.cli;

import java.util.Locale;

/** Writes one JSON object or array on one line (RFC 8259), member by member. */
public final class JsonText {
  private final StringBuilder out = new StringBuilder();
  private boolean comma;

  /** An empty text. */
  public JsonText() {}

  /** Begins an object, as the whole or as an element. */
  public JsonText beginObject() {
    separate();
    out.append('{');
    comma = false;
    return this;
  }

  /** Begins an object as a member. */
  public JsonText beginObject(String name) {
    name(name);
    out.append('{');
    comma = false;
    return this;
  }

  /** Ends an object. */
  public JsonText endObject() {
    out.append('}');
    comma = true;
    return this;
  }

  /** Begins an array as a member. */
  public JsonText beginArray(String name) {
    name(name);
    out.append('[');
    comma = false;
    return this;
  }

  /** Ends an array. */
  public JsonText endArray() {
    out.append(']');
    comma = true;
    return this;
  }

  /** An element of an array that is written already. */
  public JsonText add(JsonText element) {
    separate();
    out.append(element.out);
    return this;
  }

  /** A text. */
  public JsonText put(String name, String value) {
    name(name);
    quote(value);
    return this;
  }

  /** A whole number. */
  public JsonText put(String name, long value) {
    name(name);
    out.append(value);
    return this;
  }

  /** A number; infinite ones and those that are none become null, for JSON knows no such. */
  public JsonText put(String name, double value) {
    name(name);
    number(value);
    return this;
  }

  /** Yes or no. */
  public JsonText put(String name, boolean value) {
    name(name);
    out.append(value);
    return this;
  }

  /** Nothing known. */
  public JsonText putNull(String name) {
    name(name);
    out.append("null");
    return this;
  }

  private void number(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      out.append("null");
    } else if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      out.append((long) value);
    } else if (Math.abs(value) >= 1e15) {
      out.append(value); // with an exponent, not with three hundred digits
    } else {
      out.append(String.format(Locale.ROOT, "%.6f", value));
    }
  }

  private void separate() {
    if (comma) {
      out.append(',');
    }
    comma = true;
  }

  private void name(String name) {
    separate();
    quote(name);
    out.append(':');
  }

  private void quote(String text) {
    out.append('"');
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          // Escaped beyond what JSON asks: what is printed raw must not move a terminal's cursor.
          if (c < ' ' || (c >= 0x7f && !Character.isLetterOrDigit(c))) {
            out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  /** What was written so far. */
  @Override
  public String toString() {
    return out.toString();
  }
}
