package io.posthorn.trace;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads one JSON text (RFC 8259) into maps, lists, strings, doubles and booleans; strict. */
final class Json {
  private final String text;
  private int at;

  private Json(String text) {
    this.text = text;
  }

  /** The object that the whole text is. */
  static Map<String, Object> object(String text) {
    Json json = new Json(text);
    Object value = json.value();
    json.space();
    if (json.at != text.length() || !(value instanceof Map)) {
      throw json.wrong("one object");
    }
    return cast(value);
  }

  @SuppressWarnings("unchecked") // keys are strings by the grammar
  static Map<String, Object> cast(Object map) {
    return (Map<String, Object>) map;
  }

  private Object value() {
    space();
    char c = text.charAt(at);
    if (c == '{') {
      return map();
    } else if (c == '[') {
      return list();
    } else if (c == '"') {
      return string();
    } else if (text.startsWith("true", at)) {
      at += 4;
      return true;
    } else if (text.startsWith("false", at)) {
      at += 5;
      return false;
    }
    int from = at;
    while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    String number = text.substring(from, at);
    if (!number.matches("-?(0|[1-9]\\d*)(\\.\\d+)?([eE][-+]?\\d+)?")) {
      throw wrong("a number, not '" + number + "'");
    }
    return Double.valueOf(number);
  }

  private Map<String, Object> map() {
    Map<String, Object> map = new LinkedHashMap<>();
    at++;
    if (peek() == '}') {
      at++;
      return map;
    }
    while (true) {
      space();
      String name = string();
      expect(':');
      if (map.put(name, value()) != null) {
        throw wrong("'" + name + "' once");
      }
      if (peek() != ',') {
        expect('}');
        return map;
      }
      at++;
    }
  }

  private List<Object> list() {
    List<Object> list = new ArrayList<>();
    at++;
    if (peek() == ']') {
      at++;
      return list;
    }
    while (true) {
      list.add(value());
      if (peek() != ',') {
        expect(']');
        return list;
      }
      at++;
    }
  }

  private String string() {
    if (text.charAt(at) != '"') {
      throw wrong("a string");
    }
    StringBuilder out = new StringBuilder();
    for (at++; text.charAt(at) != '"'; at++) {
      char c = text.charAt(at);
      if (c < ' ') {
        throw wrong("no control character");
      }
      if (c != '\\') {
        out.append(c);
        continue;
      }
      c = text.charAt(++at);
      if (c == 'u') {
        out.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
        at += 4;
      } else if (c == '"' || c == '\\') {
        out.append(c);
      } else {
        throw wrong("an escape that is used here");
      }
    }
    at++;
    return out.toString();
  }

  private char peek() {
    space();
    return text.charAt(at);
  }

  private void expect(char c) {
    space();
    if (text.charAt(at) != c) {
      throw wrong("'" + c + "'");
    }
    at++;
  }

  private void space() {
    while (at < text.length() && " \n\r\t".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private IllegalArgumentException wrong(String expected) {
    return new IllegalArgumentException("expected " + expected + " at " + at + " of " + text);
  }
}
