package io.posthorn.e2e;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads one JSON text (RFC 8259) into maps, lists, strings, and words as they stand. */
final class JsonReader {
  private final String text;
  private int at;

  JsonReader(String text) {
    this.text = text;
  }

  /** The value that is the whole text. */
  Object whole() {
    Object value = value();
    if (at != text.length()) {
      throw wrong("the end");
    }
    return value;
  }

  private IllegalArgumentException wrong(String expected) {
    return new IllegalArgumentException("at " + at + " no " + expected + ": " + text);
  }

  private char next() {
    if (at >= text.length()) {
      throw wrong("more");
    }
    return text.charAt(at);
  }

  private void take(char expected) {
    if (next() != expected) {
      throw wrong("'" + expected + "'");
    }
    at++;
  }

  private Object value() {
    return switch (next()) {
      case '{' -> object();
      case '[' -> array();
      case '"' -> string();
      default -> word();
    };
  }

  private Map<String, Object> object() {
    Map<String, Object> members = new LinkedHashMap<>();
    take('{');
    while (next() != '}') {
      if (!members.isEmpty()) {
        take(',');
      }
      String name = string();
      take(':');
      if (members.put(name, value()) != null) {
        throw wrong("second member \"" + name + "\"");
      }
    }
    take('}');
    return members;
  }

  private List<Object> array() {
    List<Object> elements = new ArrayList<>();
    take('[');
    while (next() != ']') {
      if (!elements.isEmpty()) {
        take(',');
      }
      elements.add(value());
    }
    take(']');
    return elements;
  }

  private String string() {
    StringBuilder read = new StringBuilder();
    take('"');
    for (char c = next(); c != '"'; c = next()) {
      at++;
      if (c == '\\') {
        c = next();
        at++;
        if (c == 'u') {
          c = (char) Integer.parseInt(text.substring(at, at + 4), 16);
          at += 4;
        } else if ("bfnrt".indexOf(c) >= 0) {
          c = "\b\f\n\r\t".charAt("bfnrt".indexOf(c));
        }
      }
      read.append(c);
    }
    take('"');
    return read.toString();
  }

  private String word() {
    int from = at;
    while (at < text.length() && ",]}".indexOf(text.charAt(at)) < 0) {
      at++;
    }
    String word = text.substring(from, at);
    if (!word.matches("true|false|null|-?(0|[1-9]\\d*)(\\.\\d+)?([eE][-+]?\\d+)?")) {
      throw wrong("value");
    }
    return word;
  }
}
